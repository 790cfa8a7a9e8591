// What `ws` says about the frames of one direction, which it is shown without their payload: it would
// hold a message of any length. Only what control frames say goes to it.

import { Receiver } from 'ws';
import type { FrameHead } from './frame-walker.ts';

const OPCODE = 0x0f;
const RSV1 = 0x40;
const MASKED = 0x80;
const TEXT = 1;
const BINARY = 2;
/** Opcodes from this one on are of control frames (RFC 6455 5.5). */
export const CLOSE = 8;

export class FrameRules {
  readonly #receiver: Receiver;
  readonly #inflates: boolean;
  #isLast = false;
  #close: { readonly code: number; readonly reason: Buffer } | null = null;

  /** `inflates`: messages of this side may be compressed. */
  constructor(direction: 'client' | 'server', inflates: boolean) {
    this.#inflates = inflates;
    this.#receiver = new Receiver({ isServer: direction === 'client', skipUTF8Validation: true });
    // Read from `errored`: the event comes a turn later.
    this.#receiver.on('error', () => {});
    this.#receiver.on('message', () => {
      this.#isLast = true;
    });
    this.#receiver.on('conclude', (code: number, reason: Buffer) => {
      this.#close = { code, reason };
    });
  }

  /** The frame that is under way is the last of its message. */
  get isLast(): boolean {
    return this.#isLast;
  }

  /** The frame that ends this direction, once it was there. */
  get close(): { readonly code: number; readonly reason: Buffer } | null {
    return this.#close;
  }

  /** Why a frame with this head may not be here; null: it may. */
  judgeHead(head: FrameHead): string | null {
    this.#isLast = false;
    return this.#judge(this.#skeletonOf(head));
  }

  /** The same of what a control frame says, once it is whole. */
  judgeControl(payload: Buffer): string | null {
    return payload.length > 0 ? this.#judge(payload) : null;
  }

  destroy(): void {
    this.#receiver.destroy();
  }

  #judge(bytes: Buffer): string | null {
    this.#receiver.write(bytes);
    const { errored } = this.#receiver;
    return errored === null ? null : `undecodable: ${errored.message}`;
  }

  /** The head of a frame as `ws` sees it: a message's without length, and all with a mask of zeros. */
  #skeletonOf({ first, masked, raw }: FrameHead): Buffer {
    const opcode = first & OPCODE;
    const second = opcode < CLOSE ? (masked ? MASKED : 0) : (raw[1] ?? 0);
    // On the first frame of a message it says `compressed`; elsewhere it is against the rules.
    const mayInflate = this.#inflates && (opcode === TEXT || opcode === BINARY);
    const shown = mayInflate ? first & ~RSV1 : first;
    return Buffer.from(masked ? [shown, second, 0, 0, 0, 0] : [shown, second]);
  }
}
