// Values by key, the oldest use dropped first, so that all of them together never weigh more than a
// limit. Knows nothing of what it holds.

export class BoundedCache<V> {
  readonly #maxWeight: number;
  readonly #held = new Map<string, { readonly value: V; readonly weight: number }>();
  #weight = 0;

  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  get(key: string): V | undefined {
    const entry = this.#held.get(key);
    if (entry === undefined) return undefined;
    // A map keeps the order of insertion: what was used last stands last.
    this.#held.delete(key);
    this.#held.set(key, entry);
    return entry.value;
  }

  /** What weighs more than the limit alone is not kept. */
  set(key: string, value: V, weight: number): void {
    this.#drop(key);
    if (weight > this.#maxWeight) return;
    this.#held.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#held.keys()) {
      if (this.#weight <= this.#maxWeight) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#weight -= this.#held.get(key)?.weight ?? 0;
    this.#held.delete(key);
  }
}
