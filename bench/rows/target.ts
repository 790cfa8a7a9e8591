// What the rows of the open loop share: where their load goes, and what must not be.

import type { Numbers } from '../openloop/distribution.ts';
import type { Target } from '../openloop/tunnel.ts';
import { ORIGIN_HOST } from '../origin.ts';
import type { MeasuredProgram } from '../programs/program.ts';
import type { Context } from '../scenario.ts';

/** Throws for the way without a proxy, which these rows leave out. */
export function measuredIn({ program, origin }: Context): {
  readonly program: MeasuredProgram;
  readonly target: Target;
} {
  if (program === null) throw new Error('there is no program to measure');
  const { port, isReverse } = program;
  const target = { port, isReverse, originPort: origin.httpsPort, host: ORIGIN_HOST };
  return { program, target };
}

/** Numbers of a load of which a part failed are no numbers. */
export function mustBeWhole(numbers: Numbers): void {
  const { failures = 0, directFailures = 0, lost = 0 } = numbers;
  if (failures === 0 && directFailures === 0 && lost === 0) return;
  throw new Error(`${failures} failed, ${directFailures} of those without it, ${lost} events lost`);
}
