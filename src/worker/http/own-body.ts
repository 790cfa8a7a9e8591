// A body of leash's own on its way to a client, piece by piece: a client that does not read it holds one
// piece, and not a copy of all of it in every stream of every tunnel. Knows no protocol.

import type { Writable } from 'node:stream';

/** As much as a record of TLS has. */
const PIECE_BYTES = 16 * 1024;

/**
 * Writes all but the last piece, each when there is room for it; `last` gets that one, and ends the
 * answer. It is never called for a client that has gone.
 */
export function writeInPieces<T extends string | Buffer>(
  to: Writable,
  body: T,
  last: (rest: T | Buffer) => void,
): void {
  if (typeof body === 'string' || body.length <= PIECE_BYTES) {
    last(body);
    return;
  }
  let at = 0;
  const next = () => {
    while (!to.destroyed) {
      const piece = body.subarray(at, at + PIECE_BYTES);
      at += piece.length;
      if (at >= body.length) {
        last(piece);
        return;
      }
      if (to.write(piece)) continue;
      to.once('drain', next);
      return;
    }
  };
  next();
}
