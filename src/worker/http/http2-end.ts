// Whether an HTTP/2 body has ended as its sender meant it to. Node emits 'end' also where the stream was
// reset with NO_ERROR or CANCEL, or where the connection is gone: then the body was cut off.

import type { Http2Stream } from 'node:http2';

/**
 * Watches a stream from before its first byte; the function says whether its END_STREAM has come. Node
 * pushes the end of the body in both cases, but marks the stream as closed first where it was cut off.
 */
export function watchEnd(stream: Http2Stream): () => boolean {
  let hasEnded = false;
  const { push } = stream;
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && !stream.closed) hasEnded = true;
    return push.call(stream, chunk, encoding);
  };
  return () => hasEnded;
}
