// The oracle of the tests under load: an origin that keeps, for each URL, when it came and how often,
// and answers at once. What it saw was forwarded; what was forwarded must be on the record.

import type { ServerResponse } from 'node:http';
import { type Origin, startOrigin } from './start-origin.ts';

export type LoadOrigin = {
  readonly url: string;
  readonly port: number;
  /** Whole URL → times of arrival (`performance.now()`). */
  readonly seen: ReadonlyMap<string, readonly number[]>;
  /** When the last request came; 0 before the first. */
  lastMs(): number;
  close(): Promise<void>;
};

/** Some are always half answered: what is killed or stopped then is a moment that matters. */
const SLOW_EVERY = 5;
const SLOW_MS = 100;

/** `answerBytes`: length of each answer, of text. Each fifth one comes in two halves. */
export async function startLoadOrigin(answerBytes = 300): Promise<LoadOrigin> {
  const seen = new Map<string, number[]>();
  const text = 'what the origin says. '.repeat(answerBytes / 22 + 1).slice(0, answerBytes);
  let lastMs = 0;
  let count = 0;

  function answer(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': text.length });
    count += 1;
    if (count % SLOW_EVERY !== 0) {
      response.end(text);
      return;
    }
    response.write(text.slice(0, text.length / 2));
    setTimeout(() => response.end(text.slice(text.length / 2)), SLOW_MS);
  }

  const origin: Origin = await startOrigin({
    handler(request, response) {
      const url = `${origin.url}${request.url}`;
      lastMs = performance.now();
      const times = seen.get(url);
      if (times === undefined) seen.set(url, [lastMs]);
      else times.push(lastMs);
      // Once the body is in, as most servers do.
      request.resume().once('end', () => answer(response));
    },
  });
  return {
    url: origin.url,
    port: origin.port,
    seen,
    lastMs: () => lastMs,
    close: () => origin.close(),
  };
}
