// What the viewer counts of itself, and what it sees of the log's folder: names and words for
// Prometheus, as in shared/metric-tables.ts.

import type { Meter } from '../../shared/meter.ts';
import { PROCESS_METRICS } from '../../shared/metric-tables.ts';

export const VIEWER_METRICS = {
  ...PROCESS_METRICS,
  search: {
    type: 'histogram',
    name: 'leash_viewer_search_seconds',
    help: 'Time that a page of records took.',
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
} as const;

export type ViewerMeter = Meter<typeof VIEWER_METRICS>;
