// What the viewer's routes need from outside, and what a request carries. Types only.

import type { HttpBindings } from '@hono/node-server';
import type { Config } from '../shared/config.ts';
import type { BuildResult, BuildTask } from './index/build-index.ts';

export type ViewerEnv = {
  Bindings: HttpBindings;
  /** The client's canonical address; empty = unknown. Set by the guard. */
  Variables: { client: string };
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
  /** Makes the index of a segment in a thread; absent: beside other work. */
  readonly buildIndex?: (task: BuildTask) => Promise<BuildResult>;
  readonly onError: (error: Error, path: string) => void;
};
