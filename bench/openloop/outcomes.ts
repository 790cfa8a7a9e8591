// What became of the requests of a load: how long each took from when it was due, and what failed.

import { nowMs } from './clock.ts';
import { Distribution, type Numbers } from './distribution.ts';
import type { Answer, Failure } from './tunnel.ts';

const POLL_MS = 5;

/** A tunnel, or a pool of them. */
export type Asked = {
  ask(
    request: Buffer,
    done: (answer: Answer | Failure) => void,
    onBody: (piece: Buffer) => void,
  ): void;
};

/** Counts answers that are whole and right; all others are failures. */
export class Outcomes {
  readonly #expected: Buffer;
  #latency = new Distribution();
  #failures = 0;
  #problem: string | null = null;

  constructor(expected: Buffer) {
    this.#expected = expected;
  }

  /** The time counts from `fromMs`. */
  ask(asked: Asked, request: Buffer, fromMs: number, then: () => void): void {
    let seen = 0;
    let isRight = true;
    const onBody = (piece: Buffer) => {
      const same = this.#expected.subarray(seen, seen + piece.length);
      isRight &&= same.equals(piece);
      seen += piece.length;
    };
    asked.ask(
      request,
      (answer) => {
        this.add(answer, fromMs, isRight && seen === this.#expected.length);
        then();
      },
      onBody,
    );
  }

  add(answer: Answer | Failure, fromMs: number, isRight: boolean): void {
    if ('status' in answer && answer.status === 200 && isRight) {
      this.#latency.add(nowMs() - fromMs);
      return;
    }
    this.#failures += 1;
    this.#problem ??= 'problem' in answer ? answer.problem : wrongAnswer(answer);
  }

  /** Forgets what there was before the measured load. */
  begin(): void {
    this.#latency = new Distribution();
    this.#failures = 0;
  }

  /** Before the load: what fails then fails in the load as well. */
  mustBeGood(): void {
    if (this.#problem !== null) throw new Error(this.#problem);
  }

  get count(): number {
    return this.#latency.count + this.#failures;
  }

  /** Waits until so many have an outcome, or the time is over. */
  async settled(count: number, withinMs: number): Promise<void> {
    const endMs = nowMs() + withinMs;
    while (this.count < count && nowMs() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** What has no answer by now has failed. */
  numbers(requests: number): Numbers {
    const failures = requests - this.#latency.count;
    if (failures > 0) process.stderr.write(`${this.#problem ?? 'no answer in time'}\n`);
    return { requests, ...this.#latency.numbers(), failures };
  }
}

function wrongAnswer({ status, bodyBytes }: Answer): string {
  return `status ${status} with ${bodyBytes} bytes is not the answer`;
}
