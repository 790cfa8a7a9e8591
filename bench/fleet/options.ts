// The words of the command line → how large a fleet, or the line that says what is wrong. Pure.

export type FleetOptions = { readonly agents: number; readonly seconds: number };

/** The fleet as it is meant: with fewer cores, fewer agents of the same kind. */
export const WHOLE_FLEET = 2000;
/** With their origin and their proxy they take some 40 % of a core; what is left free keeps times honest. */
const AGENTS_A_CORE = 200;
const SECONDS = 60;
/** What source addresses and files a machine has. */
const MAX_AGENTS = 10_000;

export const FLEET_USAGE = `Usage: npm run bench:fleet -- [--agents N] [--seconds N]
  --agents N   agents at once, 1-${MAX_AGENTS} (default ${AGENTS_A_CORE} for each core, ${WHOLE_FLEET} at most)
  --seconds N  of the measurement, 5-3600 (default ${SECONDS}); before it all agents come, one after the other`;

/** `cores`: of this machine. */
export function parseFleetOptions(
  args: readonly string[],
  cores: number,
): FleetOptions | { readonly problem: string } {
  let agents = Math.min(WHOLE_FLEET, AGENTS_A_CORE * cores);
  let seconds = SECONDS;
  for (let at = 0; at < args.length; at += 2) {
    const [name = '', value = ''] = args.slice(at, at + 2);
    const number = /^[1-9]\d{0,4}$/.test(value) ? Number(value) : 0;
    if (name === '--agents' && number >= 1 && number <= MAX_AGENTS) agents = number;
    else if (name === '--seconds' && number >= 5 && number <= 3600) seconds = number;
    else return { problem: `cannot use "${`${name} ${value}`.trim()}"` };
  }
  return { agents, seconds };
}
