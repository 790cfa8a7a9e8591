// The only definition of the record: every event, every field, by the names they have on disk.
// docs/event.schema.json says the same to other programs; a test compares the two.
// Pure: this file knows nothing of files, pipes or clocks.

/** Version of the record's format; stands in every `segment` record. */
export const SCHEMA_VERSION = 1;

/** Bytes of the longest line a segment may hold, newline included. */
export const MAX_RECORD_BYTES = 256 * 1024;

/** Header list as received: order, case and duplicates kept; bytes as latin1 characters. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Events a worker reports about a flow (a tunnel or an exchange). The primary stamps them. */
export const FLOW_EVENTS = [
  'intent',
  'part',
  'allowed',
  'blocked',
  'error',
  'connect_allowed',
  'connect_closed',
  'uninspected',
  'websocket',
  'revoked',
] as const;
export type FlowEvent = (typeof FLOW_EVENTS)[number];

/** Events of the primary's own. */
export const PRIMARY_EVENTS = [
  'segment',
  'mode_change',
  'policy_change',
  'policy_error',
  'start',
  'stop',
  'log_recovered',
  'audit_suspended',
  'segment_deleted',
  'ca_change',
  'checkpoint',
] as const;
export type PrimaryEvent = (typeof PRIMARY_EVENTS)[number];
export type EventName = FlowEvent | PrimaryEvent;
export const EVENTS: readonly EventName[] = [...FLOW_EVENTS, ...PRIMARY_EVENTS];

/** Events after which a flow stays open until one of `TERMINAL_EVENTS`. */
export const OPENING_EVENTS: ReadonlySet<FlowEvent> = new Set(['intent', 'connect_allowed']);

/** Exactly one of these ends each tunnel and each exchange. */
export const TERMINAL_EVENTS: ReadonlySet<FlowEvent> = new Set([
  'allowed',
  'blocked',
  'error',
  'revoked',
  'connect_closed',
  'uninspected',
]);

/** Whether a record of this event opens a flow that another one ends. */
export function opensFlow(event: unknown): boolean {
  return (OPENING_EVENTS as ReadonlySet<unknown>).has(event);
}

/** Whether no flow is running any more behind a record of this event. */
export function endsFlow(event: unknown): boolean {
  return (TERMINAL_EVENTS as ReadonlySet<unknown>).has(event);
}

/** Why a copy in the record is shorter than the body: the reader must be told, always. */
export type Truncation =
  | 'limit'
  | 'content_type'
  | 'off'
  | 'undecodable'
  | 'backpressure'
  | 'record_full'
  | 'client_log';

/** Who asked for what: in the opening record, and again in the one that ends the flow. */
export type FlowIdentity = {
  tunnel?: string;
  client: string;
  agent?: string;
  host?: string;
  port?: number;
  method?: string;
  url?: string;
};

/**
 * Characters of one of its values that are kept for the flow's last record, where another than its own
 * worker has to write that; a longer one (a URL) stands in the opening record alone.
 */
export const MAX_IDENTITY_CHARS = 1024;

/** The names of `FlowIdentity`: a worker may set no other in what ends a flow for it. */
export const IDENTITY_NAMES: ReadonlySet<string> = new Set<keyof FlowIdentity>([
  'tunnel',
  'client',
  'agent',
  'host',
  'port',
  'method',
  'url',
]);

/** The record's fields about one direction's body, `req_` or `res_` in front. */
export type CaptureFields<P extends 'req' | 'res'> = {
  [K in `${P}_body` | `${P}_sha256`]?: string;
} & { [K in `${P}_truncated`]?: Truncation } & { [K in `${P}_encoding`]?: 'base64' } & {
  [K in `${P}_decoded`]?: 'gzip' | 'br' | 'deflate' | 'zstd';
} & { [K in `${P}_parts`]?: number };

type KnownFields = Partial<FlowIdentity> &
  CaptureFields<'req'> &
  CaptureFields<'res'> & {
    status?: number;
    bytes?: number;
    req_bytes?: number;
    audit?: 'would_block_in_enforce';
    req_headers?: HeaderPairs;
    res_headers?: HeaderPairs;
    /** Fields that followed a body. */
    req_trailers?: HeaderPairs;
    res_trailers?: HeaderPairs;
    /** What the client speaks. */
    proto?: 'h1' | 'h2' | 'ws';
    /** What the upstream speaks, where that is another. */
    upstream_proto?: 'h1' | 'h2';
    rule?: string;
    policy?: number;
    mode?: string;
    upstream_ip?: string;
    /** How often it was sent, where that is more than once: a pooled connection was gone. */
    attempts?: number;
    /** The answer came, or the end, before the client had sent its whole body. */
    req_unfinished?: boolean;
    ttfb_ms?: number;
    duration_ms?: number;
    stage?: 'connect' | 'request';
    reason?: string;
    sni?: string;
    other_host?: string;
    requests?: number;
    dir?: 'req' | 'res';
    offset?: number;
    body?: string;
    encoding?: 'base64';
    direction?: 'client' | 'server';
    opcode?: number;
    truncated?: Truncation;
    sha256?: string;
    /** A piece of a message: more of it follows, and a record that ends it. */
    more?: boolean;
    parts?: number;
    decoded?: 'deflate';
    /** The copy is compressed, as on the wire. */
    compressed?: boolean;
    /** Messages that went by without a record of their own. */
    messages?: number;
    /** Of a close frame. */
    code?: number;
  };

/**
 * Fields a worker may set in the record of a flow. All other names belong to the primary. What is
 * undefined, empty or 0 is left out of the record, so that an object may always have the same members:
 * V8 is slow with objects that are put together from others.
 */
export type FlowFields = { [K in keyof KnownFields]?: KnownFields[K] | undefined };

/** Every name a worker may use, for the check at the primary's end of the pipe. */
export const FLOW_FIELD_NAMES: ReadonlySet<string> = new Set<string>([
  ...IDENTITY_NAMES,
  ...([
    'status',
    'bytes',
    'req_bytes',
    'audit',
    'req_headers',
    'res_headers',
    'req_body',
    'res_body',
    'req_truncated',
    'res_truncated',
    'req_encoding',
    'res_encoding',
    'req_decoded',
    'res_decoded',
    'req_parts',
    'res_parts',
    'req_sha256',
    'res_sha256',
    'req_trailers',
    'res_trailers',
    'proto',
    'upstream_proto',
    'rule',
    'policy',
    'mode',
    'upstream_ip',
    'attempts',
    'req_unfinished',
    'ttfb_ms',
    'duration_ms',
    'stage',
    'reason',
    'sni',
    'other_host',
    'requests',
    'dir',
    'offset',
    'body',
    'encoding',
    'direction',
    'opcode',
    'truncated',
    'sha256',
    'more',
    'parts',
    'decoded',
    'compressed',
    'messages',
    'code',
  ] satisfies (keyof FlowFields)[]),
]);

/** One record as a reader sees it. */
export type AuditRecord = FlowFields & {
  seq: number;
  prev: string;
  ts: number;
  event: EventName;
  id: string;
  worker?: number;
} & { readonly [name: string]: unknown };
