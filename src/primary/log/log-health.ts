// Whether the log can be written, and since when not: what is refused meanwhile is counted, and goes
// on the record as one `audit_suspended`. No I/O, no timer.

export type HealthDeps = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Why nothing new may pass; empty: it may again. */
  onHealth(reason: string): void;
  /** A suspension ended: the fields of its record. */
  onEnded(fields: { from: number; to: number; refused: number }): void;
};

export class LogHealth {
  readonly #deps: HealthDeps;
  #problem = '';
  #forbidden = '';
  #sinceMs = 0;
  #refused = 0;
  #reason = '';

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  /** Why the log cannot be written; empty: it can. */
  get problem(): string {
    return this.#problem;
  }
  /** Why nothing new may pass; empty: it may. */
  get reason(): string {
    return this.#reason;
  }

  /** Seconds for which nothing new may pass, and of which no record speaks yet. */
  get suspendedS(): number {
    return this.#reason === '' ? 0 : Math.max(0, this.#deps.now() - this.#sinceMs) / 1000;
  }

  /** The log cannot be written, or (empty) it can again. */
  setProblem(problem: string): void {
    this.#problem = problem;
    this.#settle();
  }

  /** It can be written, and nothing new may pass for this reason, or (empty) it may again. */
  forbid(reason: string): void {
    this.#forbidden = reason;
    this.#settle();
  }

  /** Nothing more will come: what there is to say about a suspension is said now. */
  conclude(): void {
    if (this.#reason === '') return;
    this.#end();
    this.#sinceMs = this.#deps.now();
  }

  /** A request was refused that has no record of its own. */
  countRefused(): void {
    this.#refused += 1;
  }

  #settle(): void {
    const before = this.#reason;
    this.#reason = this.#problem || this.#forbidden;
    if (this.#reason === before) return;
    if (before === '') this.#sinceMs = this.#deps.now();
    if (this.#reason === '') this.#end();
    this.#deps.onHealth(this.#reason);
  }

  #end(): void {
    const refused = this.#refused;
    this.#refused = 0;
    this.#deps.onEnded({ from: this.#sinceMs / 1000, to: this.#deps.now() / 1000, refused });
  }
}
