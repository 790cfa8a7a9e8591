// A row of things that ends at a limit, and tells afterwards whether there was more. Pure.

/** At most `limit` items; `isCut` is true once there was one more. */
export class Limited<T> {
  readonly #source: AsyncGenerator<T>;
  readonly #limit: number;
  #isCut = false;

  constructor(source: AsyncGenerator<T>, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let count = 0;
    for await (const item of this.#source) {
      if (count === this.#limit) {
        this.#isCut = true;
        return;
      }
      count += 1;
      yield item;
    }
  }
}
