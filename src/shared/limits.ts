// Every limit of leash that no setting changes, in one table. A row says why it has its value and
// what happens when it is reached. Pure.
//
// Invariant: memory is bounded by constants: each buffer, map and queue has its row in LIMITS or a setting.

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;

/** Bytes, milliseconds or counts, as the name says. */
export const LIMITS = {
  /** Node's own default and what servers accept. Longer: 431, or 502 for an upstream's. */
  headBytes: 16 * KIB,
  /** Real clients send some 40; Node cuts silently at 1000 (CVE-2026-58044). More: 431. */
  headers: 100,
  /** Trailers as they stand in a record, beside two heads whose every byte takes six. More: reset. */
  trailerBytes: 24 * KIB,
  /** Requests of one connection that run at once; clients wait for each answer. More: close. */
  pipelinedRequests: 16,
  /** Streams at once on a connection of HTTP/2, as RFC 9113 5.1.2 advises. More: refused by nghttp2. */
  http2Streams: 100,
  /**
   * Bytes of one HTTP/2 body that may be on their way before they are read: 256 KiB at 50 ms are
   * 5 MB/s. A reader that stands still holds so many. Full: the sender waits.
   */
  http2StreamWindowBytes: 256 * KIB,
  /** The same for all bodies of a connection; what arrives is counted as read. Full: as above. */
  http2ConnectionWindowBytes: MIB,
  /** Above our own limits, so that who exceeds those hears 431 or 502, on the record. More: reset. */
  http2HeadBytes: 64 * KIB,
  http2HeadFields: 2048,
  /** Requests that a client of HTTP/2 resets before their answer: at once, and over time. More: close. */
  http2Resets: 500,
  http2ResetsPerSecond: 30,
  /** Frames that break the protocol, and streams refused for it. More: the connection ends. */
  http2BadFrames: 100,
  /** The longest registered method has 17. Longer: 400. */
  methodBytes: 32,
  /** A head arrives within one round trip; slower is slowloris. Then: 408 and close. */
  headMs: 10 * SECOND,
  /** A TLS handshake takes two round trips, client or upstream. Then: close, or 504. */
  handshakeMs: 10 * SECOND,
  /** A SYN is sent again after 1, 3 and 7 s; later nobody answers. Then: next address, or 504. */
  connectMs: 10 * SECOND,
  /** Resolvers answer or fail in 5 s, twice. Then: 504. */
  dnsMs: 10 * SECOND,
  /**
   * Threads of a worker. libuv gives half of them to names, and the system's resolver waits in
   * them: with the default of 4, two slow names would stop all others. Full: names wait in line.
   */
  workerThreads: 64,
  /** One of the first addresses answers or none does, and each costs connectMs. Later: not tried. */
  addressesTried: 4,
  /** Bytes of a capture per direction that a worker holds. Full: they leave as a `part` record. */
  captureHeldBytes: 64 * KIB,
  /**
   * How long captured bytes of a stream may wait for more, so that the record is fresh. Then, with the
   * next sweep, which is within seconds also where thousands are due: `part`.
   */
  partAfterMs: 10 * SECOND,
  /** A sweep keeps a turn of the event loop for so long; one that lasts for seconds, for the second. */
  sweepSliceMs: 1,
  sweepSliceMostMs: 50,
  /** Between two slices, so that others have their turns. */
  sweepPauseMs: 4,
  /**
   * Coded bytes that are decoded for the copy in one go, on the event loop: a hostile body of this
   * length costs 3 ms (measured), an honest one 0.1 ms. More: a stream decodes, in libuv's threads.
   */
  decodeNowBytes: 16 * KIB,
  /** What may come out of it: 1 ms at the slowest decoder's speed. More: a stream decodes. */
  decodeNowOutputBytes: 256 * KIB,
  /**
   * Coded bytes of one body that wait for its decoder: what fits the usual copy (1 MiB) is never cut
   * for it. Full: the copy is cut (`backpressure`).
   */
  decodeWaitingBytes: MIB,
  /** The same of all bodies of a worker. Full: the same. */
  decodeWaitingTotalBytes: 64 * MIB,
  /** Streams that decode at once in a worker: one takes 100 KB and twice its copy. More: not decoded. */
  decodeStreams: 1000,
  /** Text becomes ten times as long, logs thirty times. More than that: the copy ends (`undecodable`). */
  decodeRatio: 100,
  /** Members of one gzip body, each a trip to a thread; logs that are joined have dozens. More: as above. */
  decodeMembers: 1000,
  /** Up to here the ratio does not count: a body of spaces is no bomb. */
  decodeFreeBytes: MIB,
  /** How long a flow's last record waits for decoders; a drain waits a second for it. Then: what there is (`backpressure`). */
  decodeCloseMs: 0.8 * SECOND,
  /** What one WebSocket message unfolds to, at once: 5 ms of work. More: recorded as on the wire. */
  inflatedBytes: 4 * MIB,
  /**
   * Records of their own that messages of one side of a WebSocket get in a second: each costs 10 µs in
   * the worker, so 1 % of a core, and token streams send a tenth of it. More: they share records.
   */
  webSocketRecordsPerSecond: 1000,
  /** A WebSocket that is revoked was sent a close frame, and a second is all it has. Then: destroy. */
  webSocketCloseMs: 500,
  /** Of a WebSocket one side has ended; the other closes within a round trip. Silent so long: closed. */
  webSocketHalfMs: 10 * SECOND,
  /** A SecureContext measured 45 KB, so 64 MB. Full: the one not used for longest is dropped. */
  leafCacheEntries: 1000,
  /** Unacknowledged bytes on a worker's pipe at which captures are cut (`backpressure`). */
  pipeCongestedBytes: 4 * MIB,
  /** The same at which new exchanges are refused (503): half is left for records of those that run. */
  pipeFullBytes: 8 * MIB,
  /** And at which a refusal is counted, not recorded: those before it went without their headers. */
  pipeRefusalBytes: 16 * MIB,
  /**
   * Flows a worker may have open in the primary, its tunnels and exchanges: at 1.5 KB each, 96 MB; more
   * than 268 MB at the longest identity. (heap.ts: the heap may be four times what lives in it.) At this number less
   * those that may be on the pipe, new ones get 503. More: the pipe is cut.
   */
  openFlowsPerWorker: 65_536,
  /** The first of these two limits, kept by the worker itself. */
  openFlowsFull: 60_000,
  /**
   * Idle upstream connections kept per client and origin: what a machine full of agents has under
   * way at once, for `idleUpstreamMs`. With 8, each fourth request paid for a handshake. More:
   * closed after use.
   */
  idleUpstreamsPerOrigin: 64,
  /** Servers close idle connections after 5 to 75 s; reuse must not race with them. Then: close. */
  idleUpstreamMs: 4 * SECOND,
  /** 1xx responses before the final one; Node would accept 5000. More: 502. */
  informationalResponses: 8,
  /** How long a client waits for the upstream's 100, as curl does. Then: it gets one from leash. */
  continueMs: SECOND,
  /** Bytes of a refusal are on their way to the client; a reset would eat them. Then: destroy. */
  lingerMs: 2 * SECOND,
  /** The kernel cuts it to somaxconn. Full: the client's SYN is dropped and sent again. */
  backlog: 4096,
  /** A write takes microseconds and a sync some ms; a primary that takes longer hangs. Then: 503, in 2 s. */
  verdictMs: 1750,
  /** How long a stop waits for exchanges to end. Then: they are closed, with records. */
  drainMs: 10 * SECOND,
  /** The last frames of connections that have nothing under way any more. Then: destroy. */
  drainFlushMs: 500,
  /** What a worker may take beyond the drain to write its last records. Then: SIGKILL. */
  drainGraceMs: 2 * SECOND,
  /** Leaves that one worker may ask for: 20 clients at their limit. More: not signed. */
  workerMintsPerSecond: 1000,
  /** Beside the log, for the last records of what runs when the disk is full: some 700 of them. Full: reset. */
  logReserveBytes: MIB,
  /** How long the log may wait until it is tried again: "within 2 s" takes a few tries. */
  logRetryMs: 250,
  /** Records between two checkpoints, and how long records may be without one. Then: a checkpoint. */
  checkpointRecords: 1000,
  checkpointMs: 60 * SECOND,
  /** Finished segments in the checkpoint file; each says all about those before. More: oldest goes. */
  checkpointSegments: 1000,
  /** A program that takes checkpoints away has answered by then. Then: SIGKILL, and tried again. */
  checkpointCommandMs: 30 * SECOND,
  /** What waits for it, each saying all about those before. More: oldest goes. */
  checkpointsWaiting: 100,
  /** A stop waits so long for the end of what the run before left open. Then: the next start does it. */
  settleStopMs: 3 * SECOND,
  /** How often it is looked whether segments are old or many enough to be deleted. */
  retentionMs: 1 * SECOND,
  /** Clients that have a share of the log of their own; each wrote within a minute. More: share one. */
  quotaClients: 100_000,
  /** Reports of a worker about refusals it had no room for: it sends four a second. More: it is cut off. */
  workerReports: 200,
  /** A stop waits so long for a program that takes checkpoints. Then: it goes on without. */
  checkpointStopMs: 3 * SECOND,
  /** First pause before a dead worker is replaced; doubles up to respawnMaxMs. */
  respawnMinMs: 100,
  /**
   * One start takes a third of a core for a second. Longer pauses would hand whoever finds bytes that
   * end a worker an outage that grows with each one, for all agents.
   */
  respawnMaxMs: SECOND,
  /** A worker that lived this long was healthy: the pause starts over. */
  respawnSettledMs: 30 * SECOND,
  /** The viewer ends when its channel ends; it has nothing to save. Then: SIGKILL. */
  viewerStopMs: 2 * SECOND,
  /** Tickets made under the keys before are worth one full handshake. Then: new keys, all workers. */
  ticketKeysMs: 12 * 3600 * SECOND,
  /** Policy files are written by people; 10 MB are some 300,000 lines. Longer: refused, unread. */
  policyFileBytes: 10_000_000,
  /** What fits a policy frame to a worker with room to spare. More in one file: refused. */
  policyRules: 100_000,
  /** Addresses, networks and names in one list of a policy file. More: refused. */
  policyListEntries: 10_000,
} as const;
