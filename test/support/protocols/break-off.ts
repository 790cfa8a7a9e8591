// How a stream of HTTP/2 is broken off in the middle, by either side.

import type { Http2Stream } from 'node:http2';

/**
 * Sends RST_STREAM with this code, and nothing before it. Node's own `close` ends the body first
 * (END_STREAM), so that the other side takes what it has for the whole.
 */
export function breakOff(stream: Http2Stream, code: number): void {
  stream.end = () => stream;
  stream.close(code);
  stream.destroy();
}
