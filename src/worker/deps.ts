// What the parts of a worker are given at start: one object, made in main.ts, passed down. No part
// reaches for a singleton, so a test can put a fake link and a fixed clock here.

import type { HeaderPairs } from '../shared/audit-event.ts';
import type { Config } from '../shared/config.ts';
import type { WorkerMeter } from '../shared/metric-tables.ts';
import type { Policy } from '../shared/policy.ts';
import type { Clients } from './clients.ts';
import type { Capture } from './http/capture.ts';
import type { DecoderLoad } from './http/capture-decoder.ts';
import type { InternalSite } from './internal-site.ts';
import type { LiveFlows } from './live-flows.ts';
import type { PrimaryLink } from './primary-link.ts';
import type { LeafCache } from './tls/leaf-cache.ts';
import type { TlsFailures } from './tls/tls-failures.ts';
import type { Upstream } from './upstream/upstream.ts';

export type WorkerDeps = {
  readonly config: Config;
  readonly link: PrimaryLink;
  readonly leaves: LeafCache;
  readonly upstream: Upstream;
  readonly clients: Clients;
  readonly tlsFailures: TlsFailures;
  /** What leash.internal answers. */
  readonly internalSite: InternalSite;
  /** What is counted for `/metrics`. */
  readonly meter: WorkerMeter;
  /** What is judged again when the policy changes. */
  readonly live: LiveFlows;
  /** Stands in `Via` on the way to addresses that the policy opened; whoever brings it back is refused. */
  readonly hopToken: string;
  /** What is sent, for the record: as it is, or with fingerprints for credentials. */
  readonly forRecord: {
    headers(pairs: HeaderPairs): HeaderPairs;
    url(target: string): string;
  };
  /** Captures that are open, and taps; a timer sends what has waited too long. */
  readonly captures: Set<Pick<Capture, 'sweep'>>;
  readonly decoderLoad: DecoderLoad;
  /** The policy in force; swapped whole by main.ts. */
  policy(): Policy;
  /** This host's own addresses, read again when interfaces may have changed. */
  ownAddresses(): ReadonlySet<string>;
  draining(): boolean;
  now(): number;
};
