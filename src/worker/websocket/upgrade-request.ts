// Which requests Node hands over with their connection: CONNECT, and a WebSocket handshake that may be
// forwarded. Every other request to upgrade is an ordinary one to leash, its body included.

import { IncomingMessage } from 'node:http';
import { parseHandshake } from './handshake.ts';

/** For `createServer`; later versions of Node have `shouldUpgradeCallback` for the same. */
export class UpgradeRequest extends IncomingMessage {
  // Set by the constructor above, before a field of this class could be.
  declare isUpgrade: boolean | null;

  /** The parser sets it where it has read an upgrade, and asks for it before it lets go. */
  set upgrade(isUpgrade: boolean | null) {
    this.isUpgrade = isUpgrade;
  }

  get upgrade(): boolean {
    if (this.isUpgrade !== true) return false;
    const { method = '', httpVersion, rawHeaders: headers } = this;
    return method === 'CONNECT' || !('problem' in parseHandshake({ method, httpVersion, headers }));
  }
}
