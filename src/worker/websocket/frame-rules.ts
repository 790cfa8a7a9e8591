// What `ws` says about the frames of one direction, which it is shown without their payload: it would
// hold a message of any length. Only what control frames say goes to it.

import { Receiver } from 'ws';
import type { FrameHead } from './frame-walker.ts';

const OPCODE = 0x0f;
const FIN = 0x80;
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
  /** The last head as `ws` saw it, where its frame left `ws` as it was; and whether it came again. */
  #known: Buffer | null = null;
  #isKnown = false;

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
  judgeHead({ first, masked, raw }: FrameHead): string | null {
    const opcode = first & OPCODE;
    // A message's head is shown without length.
    const second = opcode < CLOSE ? (masked ? MASKED : 0) : (raw[1] ?? 0);
    this.#isKnown = this.#known?.[0] === first && this.#known[1] === second;
    this.#isLast = this.#isKnown && opcode < CLOSE;
    if (this.#isKnown) return null;
    const problem = this.#judge(this.#skeletonOf(first, second, opcode));
    // A whole message, a ping and a pong change nothing: the same head again gets the same answer.
    const isWhole = (first & FIN) !== 0 && opcode !== 0 && opcode !== CLOSE;
    this.#known = problem === null && isWhole ? Buffer.from([first, second]) : null;
    return problem;
  }

  /** The same of what a control frame says, once it is whole. */
  judgeControl(payload: Buffer): string | null {
    return payload.length > 0 && !this.#isKnown ? this.#judge(payload) : null;
  }

  destroy(): void {
    this.#receiver.destroy();
  }

  #judge(bytes: Buffer): string | null {
    this.#receiver.write(bytes);
    const { errored } = this.#receiver;
    return errored === null ? null : `undecodable: ${errored.message}`;
  }

  /** As `ws` sees it: all with a mask of zeros. */
  #skeletonOf(first: number, second: number, opcode: number): Buffer {
    // On the first frame of a message it says `compressed`; elsewhere it is against the rules.
    const mayInflate = this.#inflates && (opcode === TEXT || opcode === BINARY);
    const shown = mayInflate ? first & ~RSV1 : first;
    return Buffer.from(second >= MASKED ? [shown, second, 0, 0, 0, 0] : [shown, second]);
  }
}
