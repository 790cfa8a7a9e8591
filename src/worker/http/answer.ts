// An upstream's answer on its way to the client: its head as it was, less what concerns one hop, its
// body past the tap, its trailers. Knows nothing of records.

import type { Exchange } from '../exchange-state.ts';
import type { UpstreamAnswer } from '../upstream/upstream-stream.ts';
import type { Capture } from './capture.ts';
import type { ClientStream } from './client-stream.ts';
import { valuesOf } from './header-list.ts';
import {
  clientHeaders,
  forwardedTrailers,
  hasNoBody,
  safeReasonPhrase,
  trailersFit,
} from './http-message.ts';
import { relayBody } from './relay-body.ts';

/** Throws where Node refuses a field that its own parser let pass. */
export function writeAnswerHead({ deps, stream }: Exchange, { head }: UpstreamAnswer): void {
  const headers = clientHeaders(head.headers);
  if (deps.draining() && stream.proto === 'h1') headers.push('Connection', 'close');
  stream.answer({ ...head, phrase: safeReasonPhrase(head.phrase), headers });
}

/** Starts the body's way to the client, after its head; what is cut off does not end there. */
export function relayAnswer({ stream }: Exchange, answer: UpstreamAnswer, tap: Capture): void {
  // Head and first bytes in one write where they came together; an event stream's head must not
  // wait for its first event.
  setImmediate(() => {
    if (tap.bytes === 0) stream.flush();
  });
  relayBody(answer.body, stream.sink, tap, () => {
    if (!answer.isComplete()) return;
    const trailers = answer.trailers();
    if (!trailersFit(trailers)) {
      stream.abort();
      return;
    }
    stream.setTrailers(forwardedTrailers(trailers));
    stream.sink.end();
  });
}

/**
 * Whether the client has every byte that the answer's length announced: it need not wait for an end,
 * which over HTTP/2 comes in a frame of its own.
 */
export function isDelivered(
  stream: ClientStream,
  answer: UpstreamAnswer | null,
  tap: Capture | null,
): boolean {
  if (answer === null || tap === null || !stream.isComplete) return false;
  // It waits for the client to take what it has.
  if (answer.body.isPaused()) return false;
  const { status, headers } = answer.head;
  const isBodyless = hasNoBody(stream.line.method, status);
  const [length] = isBodyless ? ['0'] : valuesOf(headers, 'content-length');
  return length === String(tap.bytes) && stream.sink.writableLength === 0;
}
