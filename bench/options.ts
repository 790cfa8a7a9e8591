// The words of the command line → options, or the line that says what is wrong. Pure.

export const SCENARIOS = ['http', 'https'] as const;
export const PROGRAMS = [
  'direct',
  'leash',
  'leash-relaxed',
  'leash-durable',
  'squid',
  'mitmdump',
] as const;
export type Scenario = (typeof SCENARIOS)[number];
export type Program = (typeof PROGRAMS)[number];

export type Options = {
  readonly seconds: number;
  readonly connections: number;
  readonly scenarios: readonly Scenario[];
  readonly programs: readonly Program[];
};

export const USAGE = `Usage: npm run bench -- [--seconds N] [--connections N] [--only NAME[,NAME]]
  --seconds N      length of each measurement, 1-600 (default 5)
  --connections N  connections that ask at the same time, 1-1000 (default 32)
  --only NAME      scenarios (${SCENARIOS.join(', ')}) and programs (${PROGRAMS.join(', ')})
npm run bench -- decide: what a decision costs · npm run bench -- verify: how fast a log is verified
npm run bench:viewer: searches on a large log`;

export function parseOptions(args: readonly string[]): Options | { readonly problem: string } {
  let seconds = 5;
  let connections = 32;
  let names: string[] = [];
  for (let at = 0; at < args.length; at += 2) {
    const [name = '', value = ''] = args.slice(at, at + 2);
    const number = /^[1-9][0-9]{0,3}$/.test(value) ? Number(value) : 0;
    if (name === '--seconds' && number >= 1 && number <= 600) seconds = number;
    else if (name === '--connections' && number >= 1 && number <= 1000) connections = number;
    else if (name === '--only' && value !== '') names = [...names, ...value.split(',')];
    else return { problem: `cannot use "${`${name} ${value}`.trim()}"` };
  }
  const known: readonly string[] = [...SCENARIOS, ...PROGRAMS];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return { problem: `--only knows no "${unknown}"` };
  return {
    seconds,
    connections,
    scenarios: chosen(SCENARIOS, names),
    programs: chosen(PROGRAMS, names),
  };
}

/** Those that are named; all of them where none of their sort is. */
function chosen<T extends string>(all: readonly T[], names: readonly string[]): readonly T[] {
  const some = all.filter((name) => names.includes(name));
  return some.length > 0 ? some : all;
}
