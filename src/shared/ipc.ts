// Every message between a worker and the primary, as bytes on the pipe (fd 4 of a worker).
// A frame is: length of what follows (u32 BE) · type (u8) · body. Both ends are of one build, so
// there is no version. Pure: no socket in here; frame-decoder.ts finds the frames in what a pipe gives.
//
// Invariant: a frame that breaks these limits is an error of that pipe, never of the process.

import { FLOW_EVENTS, type FlowEvent, MAX_RECORD_BYTES } from './audit-event.ts';
import type { Config } from './config.ts';
import type { TrustMaterial } from './trust/trust-files.ts';
import { readWorkerControl, type WorkerControl } from './worker-control.ts';

/** Longest frame a worker may send: one record and its head. */
export const MAX_WORKER_FRAME = MAX_RECORD_BYTES + 4096;
/** Longest frame the primary may send: a compiled policy of some 100,000 rules. */
export const MAX_PRIMARY_FRAME = 64 * 1024 * 1024;
/** Bytes of a flow's identity that the primary keeps while the flow is open. */
export const MAX_KEY_BYTES = 4096;

/** Of a frame's length, which stands in front of it. */
export const LENGTH_BYTES = 4;
const HEAD = LENGTH_BYTES + 1;
const TYPE = {
  hello: 1,
  workerControl: 2,
  open: 3,
  record: 4,
  mint: 5,
  start: 16,
  policy: 17,
  verdict: 18,
  minted: 19,
  primaryControl: 20,
} as const;

const VERDICTS = ['ack', 'stale', 'refused', 'quota'] as const;
/** What becomes of an opening record: on the log · decided under an older policy · log unwritable · client's share used up. */
export type Verdict = (typeof VERDICTS)[number];

export type StartMessage = {
  readonly worker: number;
  /** Put before a flow's number to make its id: `<epoch>-<worker>-`. */
  readonly idPrefix: string;
  readonly config: Config;
  /** PEM roots that upstream certificates are verified against. */
  readonly upstreamRoots: string;
  /** For leash.internal. */
  readonly trust: TrustMaterial;
  readonly ticketKeys: string;
  /** Of this boot: marks requests on their way to private addresses, so that a loop is seen. */
  readonly hopToken: string;
  /** Base64; empty: credentials stand in the record as they are. */
  readonly secretsKey: string;
};

/** `open`: written as ever. `full`: nothing new passes, captures are cut. `stuck`: what runs ends. */
export type RecordState = 'open' | 'full' | 'stuck';

export type PrimaryControl =
  | { readonly type: 'record'; readonly state: RecordState }
  /** Bodies of this client's exchanges are not copied any more (or are again): its share is used up. */
  | { readonly type: 'cut'; readonly client: string; readonly isCut: boolean }
  | { readonly type: 'tickets'; readonly keys: string }
  | { readonly type: 'trust'; readonly trust: TrustMaterial }
  | { readonly type: 'drain'; readonly timeoutMs: number };

export type Frame =
  | { readonly type: 'hello'; readonly publicKey: Buffer }
  | { readonly type: 'workerControl'; readonly message: WorkerControl }
  /** `key`: members that identify the flow; `rest`: the record's other members. */
  | {
      readonly type: 'open';
      readonly event: FlowEvent;
      readonly flow: number;
      readonly policy: number;
      readonly key: Buffer;
      readonly rest: Buffer;
    }
  | {
      readonly type: 'record';
      readonly event: FlowEvent;
      readonly flow: number;
      readonly members: Buffer;
    }
  | { readonly type: 'mint'; readonly request: number; readonly host: string }
  | { readonly type: 'start'; readonly message: StartMessage }
  | { readonly type: 'policy'; readonly version: number; readonly source: string }
  | { readonly type: 'verdict'; readonly verdict: Verdict; readonly flows: readonly number[] }
  | {
      readonly type: 'minted';
      readonly request: number;
      readonly pem: string;
      readonly problem: string;
    }
  | { readonly type: 'primaryControl'; readonly message: PrimaryControl };

/** The members of a worker's opening record → frame. `policy` is the version it was decided under. */
export function encodeOpen(
  event: FlowEvent,
  flow: number,
  policy: number,
  key: string,
  rest: string,
): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const restBytes = Buffer.byteLength(rest);
  const frame = newFrame(TYPE.open, 15 + keyBytes + restBytes);
  frame[HEAD] = FLOW_EVENTS.indexOf(event);
  frame.writeDoubleBE(flow, HEAD + 1);
  frame.writeUInt32BE(policy, HEAD + 9);
  frame.writeUInt16BE(keyBytes, HEAD + 13);
  frame.write(key, HEAD + 15);
  frame.write(rest, HEAD + 15 + keyBytes);
  return frame;
}

/** The members of any later record of a flow → frame. */
export function encodeRecord(event: FlowEvent, flow: number, members: string): Buffer {
  const frame = newFrame(TYPE.record, 9 + Buffer.byteLength(members));
  frame[HEAD] = FLOW_EVENTS.indexOf(event);
  frame.writeDoubleBE(flow, HEAD + 1);
  frame.write(members, HEAD + 9);
  return frame;
}

export function encodeHello(publicKey: Buffer): Buffer {
  const frame = newFrame(TYPE.hello, publicKey.length);
  publicKey.copy(frame, HEAD);
  return frame;
}

export function encodeWorkerControl(message: WorkerControl): Buffer {
  return encodeJson(TYPE.workerControl, message);
}

export function encodeMint(request: number, host: string): Buffer {
  return encodeNumbered(TYPE.mint, request, host);
}

export function encodeStart(message: StartMessage): Buffer {
  return encodeJson(TYPE.start, message);
}

export function encodePolicy(version: number, source: string): Buffer {
  return encodeNumbered(TYPE.policy, version, source);
}

/** The same verdict for several flows, one frame. */
export function encodeVerdict(verdict: Verdict, flows: readonly number[]): Buffer {
  const frame = newFrame(TYPE.verdict, 1 + flows.length * 8);
  frame[HEAD] = VERDICTS.indexOf(verdict);
  let at = HEAD + 1;
  for (const flow of flows) at = frame.writeDoubleBE(flow, at);
  return frame;
}

/** A signed leaf (PEM), or the reason why there is none. */
export function encodeMinted(request: number, pem: string, problem: string): Buffer {
  return encodeNumbered(TYPE.minted, request, pem === '' ? `!${problem}` : `+${pem}`);
}

export function encodePrimaryControl(message: PrimaryControl): Buffer {
  return encodeJson(TYPE.primaryControl, message);
}

/** What follows a frame's length → the frame, in views of it. Throws `RangeError` or `SyntaxError`. */
export function decodeFrame(frame: Buffer): Frame {
  const body = frame.subarray(1);
  switch (frame[0]) {
    case TYPE.hello:
      return { type: 'hello', publicKey: body };
    case TYPE.workerControl:
      return { type: 'workerControl', message: readWorkerControl(body.toString()) };
    case TYPE.open: {
      const keyBytes = body.readUInt16BE(13);
      if (keyBytes > MAX_KEY_BYTES || 15 + keyBytes > body.length) {
        throw new RangeError(`Cannot read frame: ${keyBytes} bytes of identity are too many`);
      }
      return {
        type: 'open',
        event: flowEvent(body[0]),
        flow: flowNumber(body, 1),
        policy: body.readUInt32BE(9),
        key: body.subarray(15, 15 + keyBytes),
        rest: body.subarray(15 + keyBytes),
      };
    }
    case TYPE.record:
      return {
        type: 'record',
        event: flowEvent(body[0]),
        flow: flowNumber(body, 1),
        members: body.subarray(9),
      };
    case TYPE.mint:
      return { type: 'mint', request: body.readUInt32BE(0), host: body.toString('latin1', 4) };
    case TYPE.start:
      return { type: 'start', message: JSON.parse(body.toString()) };
    case TYPE.policy:
      return { type: 'policy', version: body.readUInt32BE(0), source: body.toString('utf8', 4) };
    case TYPE.verdict: {
      const verdict = VERDICTS[body[0] ?? -1];
      if (verdict === undefined) throw new RangeError('Cannot read frame: unknown verdict');
      const flows: number[] = [];
      for (let at = 1; at < body.length; at += 8) flows.push(body.readDoubleBE(at));
      return { type: 'verdict', verdict, flows };
    }
    case TYPE.minted: {
      const text = body.toString('utf8', 5);
      const minted = body[4] === 0x2b;
      const request = body.readUInt32BE(0);
      return { type: 'minted', request, pem: minted ? text : '', problem: minted ? '' : text };
    }
    case TYPE.primaryControl:
      return { type: 'primaryControl', message: JSON.parse(body.toString()) };
    default:
      throw new RangeError(`Cannot read frame: unknown type ${frame[0]}`);
  }
}

function flowEvent(code: number | undefined): FlowEvent {
  const event = FLOW_EVENTS[code ?? -1];
  if (event === undefined) throw new RangeError(`Cannot read frame: unknown event ${code}`);
  return event;
}

function flowNumber(body: Buffer, at: number): number {
  const flow = body.readDoubleBE(at);
  if (!Number.isSafeInteger(flow) || flow < 1) {
    throw new RangeError('Cannot read frame: a flow number is a positive integer');
  }
  return flow;
}

function newFrame(type: number, bodyBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + bodyBytes);
  frame.writeUInt32BE(1 + bodyBytes, 0);
  frame[LENGTH_BYTES] = type;
  return frame;
}

function encodeJson(type: number, message: unknown): Buffer {
  const text = JSON.stringify(message);
  const frame = newFrame(type, Buffer.byteLength(text));
  frame.write(text, HEAD);
  return frame;
}

function encodeNumbered(type: number, number: number, text: string): Buffer {
  const frame = newFrame(type, 4 + Buffer.byteLength(text));
  frame.writeUInt32BE(number, HEAD);
  frame.write(text, HEAD + 4);
  return frame;
}
