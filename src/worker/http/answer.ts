// An upstream's answer on its way to the client: its head as it was, less what concerns one hop, and
// its body past the tap. Knows nothing of records.

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Exchange } from '../exchange-state.ts';
import type { Capture } from './capture.ts';
import { clientHeaders, safeReasonPhrase } from './http-message.ts';
import { relayBody } from './relay-body.ts';

/** Throws where Node refuses a field that its own parser let pass. */
export function writeAnswerHead({ deps, response }: Exchange, answer: IncomingMessage): void {
  const headers = clientHeaders(answer.rawHeaders);
  if (deps.draining()) headers.push('Connection', 'close');
  const status = answer.statusCode ?? 502;
  const phrase = safeReasonPhrase(answer.statusMessage) || STATUS_CODES[status] || 'OK';
  response.sendDate = false;
  response.writeHead(status, phrase, headers);
}

/** Starts the body's way to the client, after its head. */
export function relayAnswer({ response }: Exchange, answer: IncomingMessage, tap: Capture): void {
  // Head and first bytes in one write where they came together; an event stream's head must not
  // wait for its first event.
  setImmediate(() => {
    if (tap.bytes === 0 && !response.writableEnded) response.flushHeaders();
  });
  relayBody(answer, response, tap);
}
