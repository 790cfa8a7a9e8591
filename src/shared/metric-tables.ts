// What workers and the primary count, with the names and words that Prometheus shows. No label has
// values that a client or an upstream could choose. docs/metrics.md says the same to people; a test
// compares the two. Pure.

import { type Meter, slotCount } from './meter.ts';

const TICK = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Of each process; shown with its role. */
export const PROCESS_METRICS = {
  processes: { type: 'gauge', name: 'leash_processes', help: 'Processes that run.' },
  resident: {
    type: 'gauge',
    name: 'leash_process_resident_memory_bytes',
    help: 'Memory that the processes hold.',
  },
  heap: {
    type: 'gauge',
    name: 'leash_process_heap_bytes',
    help: 'Of it, what JavaScript uses.',
  },
  cpu: {
    type: 'counter',
    name: 'leash_process_cpu_seconds_total',
    help: 'CPU time of the processes, user and system.',
  },
  loopDelay: {
    type: 'histogram',
    name: 'leash_process_event_loop_delay_seconds',
    help: 'For each second, the longest time for which the event loop came to nothing else.',
    bounds: TICK,
  },
} as const;

/** The classes of `leash_requests_total`, in the order of their numbers. */
export const REQUEST_CLASSES = ['allowed', 'would_block', 'blocked', 'error', 'revoked'] as const;
/** Those of `leash_tunnels_total`. */
export const TUNNEL_CLASSES = ['closed', 'uninspected', 'blocked', 'error', 'revoked'] as const;
export const HANDSHAKE_RESULTS = ['full', 'resumed', 'failed'] as const;

export const WORKER_METRICS = {
  ...PROCESS_METRICS,
  requests: {
    type: 'counter',
    name: 'leash_requests_total',
    help: 'Requests that have ended, by what became of them.',
    label: 'class',
    of: REQUEST_CLASSES,
  },
  requestBytes: {
    type: 'counter',
    name: 'leash_request_body_bytes_total',
    help: 'Bytes of bodies of requests that have ended, by direction.',
    label: 'direction',
    of: ['to_upstream', 'to_client'],
  },
  admit: {
    type: 'histogram',
    name: 'leash_request_admit_seconds',
    help: 'From the head of a request until it may go out: judged, and its intent on the record.',
    bounds: [
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
    ],
  },
  ttfb: {
    type: 'histogram',
    name: 'leash_request_ttfb_seconds',
    help: 'From the head of a request to the head of its answer.',
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  duration: {
    type: 'histogram',
    name: 'leash_request_duration_seconds',
    help: 'From the head of a request that was let pass to its end.',
    bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  },
  tunnels: {
    type: 'counter',
    name: 'leash_tunnels_total',
    help: 'Tunnels (CONNECT) that have ended, by what became of them.',
    label: 'class',
    of: TUNNEL_CLASSES,
  },
  tunnelsOpen: { type: 'gauge', name: 'leash_tunnels_open', help: 'Tunnels that are open.' },
  handshakes: {
    type: 'counter',
    name: 'leash_tls_client_handshakes_total',
    help: 'TLS handshakes with clients, by result.',
    label: 'result',
    of: HANDSHAKE_RESULTS,
  },
  leafLookups: {
    type: 'counter',
    name: 'leash_leaf_lookups_total',
    help: 'Certificates that a handshake asked for, by whether they were there.',
    label: 'result',
    of: ['hit', 'miss'],
  },
  leafMints: {
    type: 'counter',
    name: 'leash_leaf_mints_total',
    help: 'Certificates that were signed.',
  },
  leafEntries: {
    type: 'gauge',
    name: 'leash_leaf_cache_entries',
    help: 'Certificates that workers keep.',
  },
  pipeBytes: {
    type: 'gauge',
    name: 'leash_pipe_waiting_bytes',
    help: 'Bytes of records that wait in workers for the primary to read them.',
  },
} as const;

export const PRIMARY_METRICS = {
  ...PROCESS_METRICS,
  logWrite: {
    type: 'histogram',
    name: 'leash_log_write_seconds',
    help: 'Time of one write of records, a batch at a time.',
    bounds: [
      0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
    ],
  },
  logSync: {
    type: 'histogram',
    name: 'leash_log_sync_seconds',
    help: 'Time until what was written is on the disk (fdatasync).',
    bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  logWaiting: {
    type: 'gauge',
    name: 'leash_log_waiting_bytes',
    help: 'Bytes of records that wait to be written.',
  },
  suspended: {
    type: 'counter',
    name: 'leash_audit_suspended_seconds_total',
    help: 'Seconds in which nothing was let pass, because it could not be recorded.',
  },
  unrecorded: {
    type: 'counter',
    name: 'leash_audit_unrecorded_refusals_total',
    help: 'Requests that were refused without a record of their own.',
  },
  uninspected: {
    type: 'counter',
    name: 'leash_uninspected_bytes_total',
    help: 'Bytes, both ways, of tunnels that were relayed unseen.',
  },
  workerRestarts: {
    type: 'counter',
    name: 'leash_worker_restarts_total',
    help: 'Workers that were started in the place of one that ended.',
  },
  caExpiry: {
    type: 'gauge',
    name: 'leash_ca_expiry_timestamp_seconds',
    help: "When leash's CA expires, in seconds since 1970.",
  },
  started: {
    type: 'gauge',
    name: 'leash_start_timestamp_seconds',
    help: 'When leash was started, in seconds since 1970.',
  },
} as const;

export type WorkerMeter = Meter<typeof WORKER_METRICS>;
export type PrimaryMeter = Meter<typeof PRIMARY_METRICS>;

/** Numbers in a worker's report. */
export const WORKER_SLOTS = slotCount(WORKER_METRICS);

/** How often the event loop is looked at; what it takes longer than this is its delay. */
export const LOOP_RESOLUTION_MS = 20;

/** What Node says of a process. */
export type ProcessFacts = {
  /** Throws while no descriptor is free. */
  memory(): { readonly rss: number; readonly heapUsed: number };
  /** Microseconds. */
  readonly cpu: { readonly user: number; readonly system: number };
  /** Nanoseconds, since the call before. */
  readonly longestTickNs: number;
};

/** Brings the process's own numbers up to date; to be called once a second. */
export function meterProcess<T extends typeof PROCESS_METRICS>(
  meter: Meter<T>,
  { memory, cpu, longestTickNs }: ProcessFacts,
): void {
  meter.set('processes', 1);
  try {
    const { rss, heapUsed } = memory();
    meter.set('resident', rss);
    meter.set('heap', heapUsed);
  } catch {
    // They are what they were a second ago.
  }
  meter.raise('cpu', (cpu.user + cpu.system) / 1e6);
  meter.observe('loopDelay', Math.max(0, longestTickNs / 1e6 - LOOP_RESOLUTION_MS) / 1000);
}
