// An upstream's answer on its way to the client: its head as it was, less what concerns one hop, its
// body past the tap, its trailers. Knows nothing of records.

import type { Exchange } from '../exchange-state.ts';
import type { UpstreamAnswer } from '../upstream/upstream-stream.ts';
import type { Capture } from './capture.ts';
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
  const { status, isWhole } = head;
  const headers = clientHeaders(head.headers);
  if (deps.draining() && stream.proto === 'h1') headers.push('Connection', 'close');
  stream.answer({ status, phrase: safeReasonPhrase(head.phrase), headers, isWhole });
}

/**
 * Starts the body's way to the client, after its head; what is cut off does not end there. The function
 * says whether the client has every byte that the answer's length announced: it need not wait for an
 * end, which over HTTP/2 comes in a frame of its own.
 */
export function relayAnswer(
  { stream }: Exchange,
  answer: UpstreamAnswer,
  tap: Capture,
): () => boolean {
  const { status, headers } = answer.head;
  const isBodyless = hasNoBody(stream.line.method, status);
  const [length] = isBodyless ? ['0'] : valuesOf(headers, 'content-length');
  // Head and first bytes in one write where they came together; an event stream's head must not
  // wait for its first event.
  setImmediate(() => {
    if (tap.bytes === 0) stream.flush();
  });
  const onEnd = () => {
    if (!answer.isComplete()) return;
    const trailers = answer.trailers();
    if (!trailersFit(trailers)) {
      stream.abort();
      return;
    }
    stream.setTrailers(forwardedTrailers(trailers));
    stream.sink.end();
  };
  if (length === undefined) {
    relayBody(answer.body, stream.sink, tap, { onEnd });
    return () => false;
  }
  /** Chunks that the client's connection has not taken yet. */
  let waiting = 0;
  const counting = {
    push(chunk: Buffer) {
      waiting += 1;
      tap.push(chunk);
    },
  };
  // Node also calls back for what it throws away, and without an error.
  const onTaken = () => {
    if (!stream.isGone) waiting -= 1;
  };
  relayBody(answer.body, stream.sink, counting, { onEnd, onTaken });
  return () =>
    stream.isComplete &&
    length === String(tap.bytes) &&
    waiting === 0 &&
    stream.sink.writableLength === 0;
}
