// The capture of one direction of an exchange, and what it needs of the worker.

import type { Truncation } from '../shared/audit-event.ts';
import type { Exchange } from './exchange-state.ts';
import { Capture } from './http/capture.ts';

/** `skip`: why nothing is copied, or null. Whoever opens it takes it out of `deps.captures` again. */
export function openCapture(
  { deps, flow, client }: Exchange,
  dir: 'req' | 'res',
  skip: Truncation | null,
): Capture {
  const capture = new Capture({
    dir,
    limitBytes: deps.config.captureLimitBytes,
    skip,
    mustCut: () => deps.link.mustCut(client),
    emitPart: (fields) => flow.part(fields),
    now: deps.now,
  });
  deps.captures.add(capture);
  return capture;
}
