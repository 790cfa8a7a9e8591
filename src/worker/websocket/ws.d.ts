// The part of `ws` that leash uses and that its types leave out.
import type { Writable } from 'node:stream';

declare module 'ws' {
  type ReceiverOptions = {
    /** Frames come from a client: they must be masked. */
    isServer: boolean;
    skipUTF8Validation: boolean;
  };
  export class Receiver extends Writable {
    constructor(options: ReceiverOptions);
  }
}
