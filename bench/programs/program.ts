// What a measured program is to the benchmark.

import type { Origin } from '../origin.ts';

export type StartOptions = {
  readonly origin: Origin;
  /** A folder of its own. */
  readonly dir: string;
  /** False: parts of an answer are passed on as they come. */
  readonly buffering: boolean;
  /** Folder of a log that was made before, for who begins with one. */
  readonly log?: string | null;
};

/** What was asked for: requests, and the bytes of their bodies and of the answers' bodies. */
export type Totals = {
  readonly requests: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
};

export type MeasuredProgram = {
  readonly pid: number;
  readonly port: number;
  /** Clients speak TLS straight to its port; there is no CONNECT. */
  readonly isReverse: boolean;
  /** Where it shows its log, if it does. */
  readonly viewerUrl?: string;
  stop(): Promise<void>;
  /** After the stop: throws where its own log does not say that all of it was answered. */
  check(totals: Totals): Promise<void>;
};

export type Program = {
  readonly name: string;
  /** What the table says it is, or null: it is not installed. */
  describe(): string | null;
  /** It takes part only where the command line names it. */
  readonly onlyNamed?: boolean;
  /** Null: there is no program, the load goes straight to the origin. */
  start(options: StartOptions): Promise<MeasuredProgram> | null;
};
