// All scenarios, in the order of the report.

import { download } from './http/download.ts';
import { keepAlive } from './http/keep-alive.ts';
import { newConnections } from './http/new-connections.ts';
import { PAGES } from './http/pages.ts';
import { connections } from './rows/connections.ts';
import { grown } from './rows/grown.ts';
import { idle } from './rows/idle.ts';
import { latency } from './rows/latency.ts';
import { streams } from './rows/streams.ts';
import { tunnels } from './rows/tunnels.ts';
import { workers, workersAccepted, workersOfNode } from './rows/workers.ts';
import type { Scenario } from './scenario.ts';
import { plainNodes, SEE_1K } from './unfit.ts';

const TLS_ONLY = 'opens TLS only';
const NO_TLS = { ...SEE_1K, nginx: TLS_ONLY, ...plainNodes(TLS_ONLY) };

export const SCENARIOS: readonly Scenario[] = [
  keepAlive({ name: '1k', what: '1 KB GET, keep-alive', page: PAGES.small }),
  newConnections,
  keepAlive({ name: '100k', what: '100 KB GET, keep-alive', page: PAGES.large, unfit: SEE_1K }),
  keepAlive({ name: '8k-post', what: '8 KB POST, keep-alive', page: PAGES.post, unfit: SEE_1K }),
  download,
  keepAlive({
    ...{ name: 'http', what: '1 KB GET without TLS, keep-alive', page: PAGES.small },
    ...{ isPlain: true, unfit: NO_TLS },
  }),
  latency,
  streams,
  tunnels,
  idle,
  workers,
  workersOfNode,
  workersAccepted,
  connections,
  grown,
];
