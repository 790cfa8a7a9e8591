// The captures of an exchange, and what they need of the worker.

import type { Truncation } from '../shared/audit-event.ts';
import type { Exchange } from './exchange-state.ts';
import { Capture } from './http/capture.ts';
import { codingOf } from './http/content-coding.ts';
import type { RawHeaders } from './http/header-list.ts';

/** What is copied of one direction of an exchange. */
type CaptureInput = {
  readonly dir: 'req' | 'res';
  /** Of the message whose body it is. */
  readonly headers: RawHeaders;
  /** Why nothing is copied, or null. */
  readonly skip: Truncation | null;
};

/** The tap on one direction. A timer looks at it until `forgetCaptures`. */
export function openCapture({ deps, flow, client }: Exchange, input: CaptureInput): Capture {
  const { dir, headers, skip } = input;
  const { capture: mode, captureLimitBytes: limitBytes } = deps.config;
  const capture = new Capture({
    dir,
    limitBytes,
    coding: skip === null ? codingOf(mode, headers) : null,
    decoderLoad: deps.decoderLoad,
    skip,
    mustCut: () => deps.link.mustCut(client),
    emitPart: (fields) => flow.part(fields),
    now: deps.now,
  });
  deps.captures.add(capture);
  return capture;
}

/** Call when the flow has ended. A drain waits for those whose record is not written yet. */
export function forgetCaptures({ deps, flow }: Exchange, captures: readonly Capture[]): void {
  const forget = () => {
    for (const capture of captures) deps.captures.delete(capture);
  };
  if (flow.pending === null) forget();
  else void flow.pending.then(forget);
}
