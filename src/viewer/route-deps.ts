// What the routes that show the record share: one reader of the log for all of them. Types only.

import type { GuardDeps } from './access/guard.ts';
import type { FlowDeps } from './store/flow.ts';
import type { Finder } from './store/page.ts';

export type RouteDeps = GuardDeps & { readonly search: FlowDeps & Finder };
