// What is under way: each tunnel that is open and each exchange that was let pass. When the policy
// changes, or a rule of it ends, all of them are judged again; what may not go on ends itself.
//
// Invariant: a flow is in here from the moment its opening record is on the log until its last one.

import type { Policy } from '../shared/policy.ts';

export type LiveFlow = {
  /** Ends the flow with a `revoked` record where this policy denies it. */
  rejudge(policy: Policy): void;
  /** Ends the flow with an `error` record: the log has no room for more. */
  cutOff(): void;
  /** Ends the flow with an `error` record, `shutdown`: for those that tell the other side before. */
  shutDown?(): void;
};

export class LiveFlows {
  readonly #flows = new Set<LiveFlow>();

  add(flow: LiveFlow): void {
    this.#flows.add(flow);
  }

  delete(flow: LiveFlow): void {
    this.#flows.delete(flow);
  }

  /** Newest first, as below. */
  cutOff(): void {
    for (const flow of [...this.#flows].reverse()) flow.cutOff();
  }

  /** False: there was nobody to be told. */
  shutDown(): boolean {
    const told = [...this.#flows].filter((flow) => flow.shutDown !== undefined);
    for (const flow of told) flow.shutDown?.();
    return told.length > 0;
  }

  get size(): number {
    return this.#flows.size;
  }

  /** Newest first: an exchange before the tunnel that it runs in, so that each says why it ended. */
  rejudge(policy: Policy): void {
    for (const flow of [...this.#flows].reverse()) flow.rejudge(policy);
  }
}
