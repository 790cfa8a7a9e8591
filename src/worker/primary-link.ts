// The worker's end of the pipe to the primary. Records go up in order; verdicts, policy, leaves and
// orders come down. Knows frames and flow numbers, nothing of HTTP or TLS.
//
// Invariant: opening and closing records are never dropped; when the pipe is full, captures are cut first, then new exchanges are refused.

import type { Socket } from 'node:net';
import {
  type FlowEvent,
  type FlowFields,
  type FlowIdentity,
  MAX_IDENTITY_CHARS,
  MAX_RECORD_BYTES,
  TERMINAL_EVENTS,
  type Truncation,
} from '../shared/audit-event.ts';
import { formatMembers, MAX_STAMP_BYTES } from '../shared/audit-line.ts';
import { FrameDecoder } from '../shared/frame-decoder.ts';
import {
  encodeMint,
  encodeOpen,
  encodeRecord,
  encodeWorkerControl,
  type Frame,
  MAX_PRIMARY_FRAME,
  type RecordState,
  type Verdict,
} from '../shared/ipc.ts';
import { LIMITS } from '../shared/limits.ts';
import { shareOf } from '../shared/log-share.ts';
import type { WorkerControl } from '../shared/worker-control.ts';

export type OpenRecord = {
  readonly event: FlowEvent;
  readonly flow: number;
  /** Version of the policy that the decision was made under. */
  readonly policy: number;
  readonly identity: FlowIdentity;
  readonly rest: FlowFields;
};

/** What the rest of the worker needs of the primary; tests pass a fake. */
export interface PrimaryLink {
  nextFlow(): { readonly number: number; readonly id: string };
  /** Reports a new flow; resolves when the primary has it on the log, or will not have it. */
  open(record: OpenRecord): Promise<Verdict>;
  /** `identity` stands before the fields, `copied` behind them. False: it is too long, and was not sent. */
  record(
    event: FlowEvent,
    flow: number,
    fields: FlowFields,
    identity?: FlowIdentity,
    copied?: readonly FlowFields[],
  ): boolean;
  /** The signed leaf (PEM) for a host in normal form. Rejects with the primary's reason. */
  mint(host: string): Promise<string>;
  control(message: WorkerControl): void;
  /** Why captures of this client must give way, or null. */
  mustCut(client: string): Truncation | null;
  /** Why no new exchange may begin, or null. */
  refusal(): 'overload' | 'audit_unavailable' | null;
  /** What the primary says about the log: `full`, and nothing new may begin. */
  setRecord(state: RecordState): void;
  /** A client (its share of the log) has written too much, or may be copied again. */
  setCut(share: string, isCut: boolean): void;
  /** Flushes what is queued and ends the pipe. */
  end(): Promise<void>;
}

export type LinkHandlers = {
  readonly onFrame: (frame: Frame) => void;
  readonly onLost: (cause: string) => void;
};

type Minting = {
  resolve(pem: string): void;
  reject(error: Error): void;
  readonly sinceMs: number;
};
type Waiting = { readonly resolve: (verdict: Verdict) => void; readonly sinceMs: number };

/** How late a request may hear that its intent is late, beyond `verdictMs`. */
const SWEEP_MS = 250;
/** Up to here a copy is cheaper than a write of several buffers. */
const JOINED_BYTES = 64 * 1024;

function isTooLong(members: string): boolean {
  const most = MAX_RECORD_BYTES - MAX_STAMP_BYTES;
  // Three bytes for one is the worst that UTF-8 does to what JavaScript counts as a character.
  return members.length * 3 > most && Buffer.byteLength(members) > most;
}

/** Starts the link on the worker's pipe; `wait` false: `LEASH_AUDIT=relaxed`. */
export function startLink(
  pipe: Socket,
  handlers: LinkHandlers,
): PrimaryLink & { begin(idPrefix: string, wait: boolean): void; waitingBytes(): number } {
  const waiting = new Map<number, Waiting>();
  const minting = new Map<number, Minting>();
  /** Refusals that there was no room for: how many, and since when. */
  let unrecorded = 0;
  let unrecordedSinceMs = 0;
  const decoder = new FrameDecoder(MAX_PRIMARY_FRAME);
  /** Flows that the primary has open, or may have. */
  const opened = new Set<number>();
  let idPrefix = '';
  let wait = true;
  let flows = 0;
  let mints = 0;
  /** Frames of this turn. */
  let batch: Buffer[] = [];
  let batchBytes = 0;
  let recordState: RecordState = 'open';
  /** Shares of the log that are used up; the primary bounds them. */
  const cut = new Set<string>();

  setInterval(() => {
    refuseLate();
    reportUnrecorded();
  }, SWEEP_MS).unref();
  pipe.on('data', (chunk) => decoder.push(chunk, dispatch));
  pipe.on('error', (error) => handlers.onLost(error.message));
  pipe.on('end', () => handlers.onLost('the primary closed the pipe'));

  function dispatch(frame: Frame): void {
    if (frame.type === 'verdict') {
      for (const flow of frame.flows) settle(flow, frame.verdict);
    } else if (frame.type === 'minted') {
      const request = minting.get(frame.request);
      minting.delete(frame.request);
      if (frame.pem !== '') request?.resolve(frame.pem);
      else request?.reject(new Error(frame.problem));
    } else {
      handlers.onFrame(frame);
    }
  }

  function settle(flow: number, verdict: Verdict): void {
    const waited = waiting.get(flow);
    waiting.delete(flow);
    if (verdict !== 'ack') opened.delete(flow);
    waited?.resolve(verdict);
  }

  /** A log that hangs must not make clients hang: what waits too long is refused here. */
  function refuseLate(): void {
    const lateMs = performance.now() - LIMITS.verdictMs;
    for (const [flow, { resolve, sinceMs }] of waiting) {
      if (sinceMs > lateMs) break;
      waiting.delete(flow);
      // The flow may be open by now: its `blocked` record, behind this on the pipe, closes it.
      resolve('refused');
    }
    for (const [request, { reject, sinceMs }] of minting) {
      if (sinceMs > lateMs) break;
      minting.delete(request);
      reject(new Error('no leaf in time'));
    }
  }

  /** While the primary hangs, refusals must not fill the memory: they shrink, then they are counted. */
  function refusalOf(parts: readonly FlowFields[]): readonly FlowFields[] | null {
    if (waitingBytes() <= LIMITS.pipeFullBytes) return parts;
    if (waitingBytes() > LIMITS.pipeRefusalBytes) {
      if (unrecorded === 0) unrecordedSinceMs = Date.now();
      unrecorded += 1;
      return null;
    }
    const { req_headers: _, url, ...others }: FlowFields = Object.assign({}, ...parts);
    // Nothing is cut in silence: the record says that it is less than the request.
    const short: FlowFields = { ...others, req_truncated: 'backpressure' };
    return [url === undefined ? short : { ...short, url: url.slice(0, MAX_IDENTITY_CHARS) }];
  }

  function reportUnrecorded(): void {
    if (unrecorded === 0 || waitingBytes() > LIMITS.pipeFullBytes) return;
    const refused = unrecorded;
    unrecorded = 0;
    const [from, to] = [unrecordedSinceMs / 1000, Date.now() / 1000];
    send(encodeWorkerControl({ type: 'unrecorded', from, to, refused }));
  }

  /** All frames of one turn leave in one write: a pipe write costs more than a frame. */
  function send(frame: Buffer): void {
    batchBytes += frame.length;
    if (batch.push(frame) === 1) setImmediate(flush);
  }

  function flush(): void {
    const [frames, bytes] = [batch, batchBytes];
    batch = [];
    batchBytes = 0;
    if (bytes <= JOINED_BYTES) {
      if (bytes > 0) pipe.write(Buffer.concat(frames, bytes));
      return;
    }
    pipe.cork();
    for (const frame of frames) pipe.write(frame);
    pipe.uncork();
  }

  function waitingBytes(): number {
    return pipe.writableLength + batchBytes;
  }

  return {
    begin(prefix, waitForVerdicts) {
      idPrefix = prefix;
      wait = waitForVerdicts;
    },
    waitingBytes,
    nextFlow() {
      flows += 1;
      return { number: flows, id: `${idPrefix}${flows}` };
    },
    open({ event, flow, policy, identity, rest }) {
      const { url = '' } = identity;
      const isLong = url.length > MAX_IDENTITY_CHARS;
      const key = formatMembers(isLong ? { ...identity, url: '' } : identity);
      const others = isLong ? formatMembers({ url }, rest) : formatMembers(rest);
      opened.add(flow);
      send(encodeOpen(event, flow, policy, key, others));
      if (!wait) return Promise.resolve('ack');
      return new Promise((resolve) => waiting.set(flow, { resolve, sinceMs: performance.now() }));
    },
    record(event, flow, fields, identity, copied = []) {
      const parts = identity === undefined ? [fields] : [identity, fields, ...copied];
      const isRefusal = event === 'blocked' && !opened.has(flow);
      const fitting = isRefusal ? refusalOf(parts) : parts;
      const members = fitting === null ? null : formatMembers(...fitting);
      if (members !== null && isTooLong(members)) return false;
      if (TERMINAL_EVENTS.has(event)) opened.delete(flow);
      if (members !== null) send(encodeRecord(event, flow, members));
      return true;
    },
    mint(host) {
      mints = (mints + 1) >>> 0;
      const request = mints;
      send(encodeMint(request, host));
      return new Promise((resolve, reject) =>
        minting.set(request, { resolve, reject, sinceMs: performance.now() }),
      );
    },
    control(message) {
      send(encodeWorkerControl(message));
    },
    mustCut(client) {
      if (recordState !== 'open') return 'record_full';
      if (cut.size > 0 && cut.has(shareOf(client))) return 'client_log';
      return waitingBytes() > LIMITS.pipeCongestedBytes ? 'backpressure' : null;
    },
    refusal() {
      if (recordState !== 'open') return 'audit_unavailable';
      const isFull = waitingBytes() > LIMITS.pipeFullBytes;
      return isFull || opened.size >= LIMITS.openFlowsFull ? 'overload' : null;
    },
    setRecord(state) {
      recordState = state;
    },
    setCut(share, isCut) {
      if (isCut) cut.add(share);
      else cut.delete(share);
    },
    end() {
      flush();
      return new Promise((resolve) => pipe.end(resolve));
    },
  };
}
