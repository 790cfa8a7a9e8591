// The end of a connection of HTTP/2 without streams. Node ends its own side, and then waits for the
// other side's end for as long as that takes.

import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { LIMITS } from '../../shared/limits.ts';

export function closeInTime(session: Http2Session, socket: Socket): void {
  session.close();
  const timer = setTimeout(() => socket.destroy(), LIMITS.lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
