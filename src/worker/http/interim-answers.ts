// The 1xx answers of one exchange on their way to the client: which ones it hears, how many there may
// be, and the 100 that leash says itself where the upstream is silent.

import { LIMITS } from '../../shared/limits.ts';
import type { ClientStream } from './client-stream.ts';
import type { RawHeaders } from './header-list.ts';
import { forwardedTrailers } from './http-message.ts';

export class InterimAnswers {
  readonly #stream: ClientStream;
  readonly #expectsContinue: boolean;
  /** The client waits for a 100, which comes from the upstream, or from here when that is silent. */
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(stream: ClientStream, expectsContinue: boolean) {
    this.#stream = stream;
    this.#expectsContinue = expectsContinue;
  }

  /** The request's head is on its way. */
  start(): void {
    if (!this.#expectsContinue) return;
    this.#timer = setTimeout(() => this.#stream.inform(100, []), LIMITS.continueMs);
  }

  /** Passes one on; false: there were too many. */
  pass(status: number, headers: RawHeaders): boolean {
    this.#count += 1;
    if (this.#count > LIMITS.informationalResponses) return false;
    if (status === 100) this.stop();
    // A 100 that the client did not wait for says nothing to it.
    if (status !== 100 || this.#expectsContinue) {
      this.#stream.inform(status, forwardedTrailers(headers));
    }
    return true;
  }

  /** The final answer is there, or none will be. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
