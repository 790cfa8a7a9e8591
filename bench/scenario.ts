// What a scenario is: a name, an origin, and one round of load through one program. Adding one takes an
// entry in scenarios.ts and, where it has one, its target in targets.ts.

import type { Options } from './options.ts';
import type { Origin } from './origin.ts';
import type { MeasuredProgram, Program, Totals } from './programs/program.ts';

/** Named numbers of one round, each with its unit in its name: `cpuMicrosPerRequest`, `p99Ms`. */
export type Measurement = Readonly<Record<string, number>>;

/** A number of a measurement as the table shows it. */
export type Column = { readonly metric: string; readonly title: string; readonly digits: number };

export type Context = {
  readonly options: Pick<Options, 'seconds' | 'connections'>;
  readonly origin: Origin;
  /** Null: straight to the origin. */
  readonly program: MeasuredProgram | null;
  /** Of this program in this scenario. */
  readonly dir: string;
  /** To be called with all that is asked for in a round, warm-ups too: the logs have to agree. */
  sent(load: Totals): void;
};

export type Scenario = {
  readonly name: string;
  /** For the help and above the table. */
  readonly what: string;
  readonly columns: readonly Column[];
  /** What ratios between programs are printed of. */
  readonly compared: string;
  /** The program whose ratios they are; leash where there is none. */
  readonly subject?: string;
  /** False: programs are started not to hold back parts of an answer. */
  readonly buffering: boolean;
  /** Of its own, in the place of all others. */
  readonly programs?: readonly Program[];
  /** More of them would say nothing more. */
  readonly maxRounds?: number;
  /** It runs only where it is named. */
  readonly isLong?: boolean;
  /** Why a program has no place in it, by the program's name. */
  readonly unfit: Readonly<Record<string, string>>;
  /** About how long a program's turn takes. */
  turnSeconds(options: Pick<Options, 'seconds'>): number;
  /** `dir` is a folder of its own. */
  startOrigin(dir: string): Promise<Origin>;
  /** One round. Throws where an answer was not whole or a count does not agree. */
  run(context: Context): Promise<Measurement>;
};
