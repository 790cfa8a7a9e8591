// What the viewer's routes need from outside, and what a request carries. Types only.

import type { HttpBindings } from '@hono/node-server';
import type { Config } from '../shared/config.ts';

export type ViewerEnv = {
  Bindings: HttpBindings;
  /**
   * Set by the guard. `client`: its canonical address; empty = unknown. `mayStay`: whether it would
   * still be let in, for answers that take long.
   */
  Variables: { client: string; mayStay: () => Promise<boolean> };
};

export type ViewerConfig = Pick<
  Config,
  | 'logPath'
  | 'stateDir'
  | 'policyDir'
  | 'proxyPort'
  | 'viewerBind'
  | 'viewerHosts'
  | 'viewerToken'
  | 'trustedProxies'
>;

export type ViewerDeps = {
  readonly config: ViewerConfig;
  /** Of the program, for display. */
  readonly version: string;
  readonly hostname: string;
  readonly uiDir: string;
  /** Addresses of this machine's interfaces. */
  readonly ownAddresses: () => readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonicNow: () => number;
  readonly onError: (error: Error, path: string) => void;
};
