// What the viewer's routes need from outside, and what a request carries. Types only.

import type { HttpBindings } from '@hono/node-server';
import type { Config } from '../shared/config.ts';
import type { Verdict } from './access/access.ts';
import type { Decode } from './decode/decoder.ts';
import type { BuildResult, BuildTask } from './index/build-index.ts';

export type ViewerEnv = {
  Bindings: HttpBindings;
  /**
   * Set by the guard. `client`: its canonical address; empty = unknown. `change`: whether the page of
   * this client may change something, `mayRead`: whether it may read the log. `mayStay`: whether it
   * would still be let in, for answers that take long.
   */
  Variables: {
    client: string;
    change: Verdict;
    mayRead: boolean;
    mayStay: () => Promise<boolean>;
  };
};

export type ViewerConfig = Pick<
  Config,
  | 'audit'
  | 'logPath'
  | 'stateDir'
  | 'policyDir'
  | 'proxyPort'
  | 'proxyAddress'
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
  /** Undoes the coding of a body, in a thread. */
  readonly decode: Decode;
  /** Makes the index of a segment in a thread; absent: beside other work. */
  readonly buildIndex?: (task: BuildTask) => Promise<BuildResult>;
  readonly onError: (error: Error, path: string) => void;
};
