// The words of the command line → options, or the line that says what is wrong. Pure.

export type Options = {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  /** Names, in the order of the tables. */
  readonly scenarios: readonly string[];
  readonly programs: readonly string[];
  /** Folder of a log that `grown` begins with; null: it makes one. */
  readonly log: string | null;
};

/** Names of what there is; `long` are scenarios, and `extra` programs, that run only where they are named. */
export type Known = {
  readonly scenarios: readonly string[];
  readonly long: readonly string[];
  readonly programs: readonly string[];
  readonly extra: readonly string[];
};

/** Half an hour for all that are not long. */
export const DEFAULTS = { rounds: 3, seconds: 3, connections: 32 };

export function usage({ scenarios, long, programs, extra }: Known): string {
  return `Usage: npm run bench -- [--rounds N] [--seconds N] [--connections N] [--only NAME[,NAME]] [--log DIR]
  --rounds N       turns of all programs in each scenario, 1-100 (default ${DEFAULTS.rounds})
  --seconds N      length of each measurement, 1-600 (default ${DEFAULTS.seconds})
  --connections N  connections that ask at the same time, 1-1000 (default ${DEFAULTS.connections})
  --only NAME      scenarios (${scenarios.join(', ')})
                   and programs (${programs.join(', ')});
                   these run only where they are named: ${[...long, ...extra].join(', ')}
  --log DIR        the log that grown measures with, made by npm run bench:viewer -- --dir DIR; nothing is
                   written there (default: one of a million records is made)
Logs of a scenario, which are checked in the end, take gigabytes below the system's temporary folder.
npm run bench -- decide: what a decision costs · npm run bench -- verify: how fast a log is verified
npm run bench -- record: writes what the tests compare with · npm run bench:viewer: searches on a large log`;
}

export function parseOptions(
  args: readonly string[],
  known: Known,
): Options | { readonly problem: string } {
  let { rounds, seconds, connections }: typeof DEFAULTS = DEFAULTS;
  let names: string[] = [];
  let log: string | null = null;
  for (let at = 0; at < args.length; at += 2) {
    const [name = '', value = ''] = args.slice(at, at + 2);
    const number = /^[1-9][0-9]{0,3}$/.test(value) ? Number(value) : 0;
    if (name === '--rounds' && number >= 1 && number <= 100) rounds = number;
    else if (name === '--seconds' && number >= 1 && number <= 600) seconds = number;
    else if (name === '--connections' && number >= 1 && number <= 1000) connections = number;
    else if (name === '--only' && value !== '') names = [...names, ...value.split(',')];
    else if (name === '--log' && value !== '') log = value;
    else return { problem: `cannot use "${`${name} ${value}`.trim()}"` };
  }
  const scenarios = [...known.scenarios, ...known.long];
  const programs = [...known.programs, ...known.extra];
  const unknown = names.find((name) => ![...scenarios, ...programs].includes(name));
  if (unknown !== undefined) return { problem: `--only knows no "${unknown}"` };
  return {
    ...{ rounds, seconds, connections, log },
    scenarios: chosen(scenarios, names, known.scenarios),
    programs: chosen(programs, names, known.programs),
  };
}

/** Those that are named; the usual ones where none of their sort is. */
function chosen(
  all: readonly string[],
  names: readonly string[],
  usual: readonly string[],
): readonly string[] {
  const some = all.filter((name) => names.includes(name));
  return some.length > 0 ? some : usual;
}
