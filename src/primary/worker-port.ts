// The primary's end of one worker's pipe: checks what the worker sends, stamps ids, hands records to
// the log, answers. A worker parses hostile bytes and may be compromised: nothing it sends is used
// before it was checked, and a frame that breaks the rules costs this worker its pipe, nothing else.
//
// Invariant: a frame that breaks the codec's limits costs that worker its pipe, never the primary.
// Invariant: seq, prev, ts, event, id and worker are written by the primary; a worker cannot name them.

import type { Socket } from 'node:net';
import { FLOW_FIELD_NAMES, IDENTITY_NAMES, MAX_RECORD_BYTES } from '../shared/audit-event.ts';
import { FrameDecoder } from '../shared/frame-decoder.ts';
import { parseHost } from '../shared/host.ts';
import {
  encodeMinted,
  encodeVerdict,
  type Frame,
  MAX_PRIMARY_FRAME,
  MAX_WORKER_FRAME,
  type Verdict,
} from '../shared/ipc.ts';
import { LIMITS } from '../shared/limits.ts';
import { checkMembers, MemberNames } from '../shared/record-check.ts';
import type { WorkerControl } from '../shared/worker-control.ts';
import { type ClientQuota, shareIn } from './client-quota.ts';
import { FlowTable, type OpenFlow } from './flow-table.ts';
import { appendAll } from './log/append-all.ts';
import type { AuditLog } from './log/audit-log.ts';
import { lineBound } from './log/segment-writer.ts';

export type PortDeps = {
  /** `<epoch>-<worker>-`, before the flow's number. */
  readonly idPrefix: string;
  readonly pipe: Socket;
  readonly log: Pick<AuditLog, 'append' | 'countRefused' | 'pauseFor' | 'healthy'>;
  /** False: the worker goes on without a verdict, so a flow is opened in any case. */
  readonly waits: boolean;
  /** How much each client may put into the log; null: as much as it likes. */
  readonly quota: ClientQuota | null;
  /** Version of the policy in force; intents decided under an older one go back. */
  policyVersion(): number;
  mintLeaf(host: string, publicKeyDer: Buffer): string;
  onHello(): void;
  onControl(message: WorkerControl): void;
  /** The worker broke the rules of the pipe, or the pipe broke. */
  onBroken(problem: string): void;
};

export type WorkerPort = {
  send(frame: Buffer): void;
  openCount(): number;
  /** One JSON object per open flow, for the first record of a segment. */
  openFlows(): Iterable<string>;
  /** Ends every open flow with an `error` record: the worker is gone. Resolves when the log has all. */
  abandon(reason: string): Promise<void>;
};

const IDENTITY_MEMBERS = new MemberNames(IDENTITY_NAMES);
const FLOW_MEMBERS = new MemberNames(FLOW_FIELD_NAMES);
/** In so many characters of a record's members stands whose it is. */
const CLIENT_CHARS = 200;
/** A policy frame of the greatest length, and what may be due while it is read. */
const MAX_UNREAD_BYTES = MAX_PRIMARY_FRAME + 8 * 1024 * 1024;

/** Node's `Buffer.poolSize` where nobody changed it: small buffers share so much. */
const POOL_BYTES = 8 * 1024;

/**
 * Bytes that may wait for the log. A view keeps all alive that was read with it, so it is copied where that is
 * more than a pool and more than twice its own. `isForLong`: where it is more than its own at all, so that what
 * comes for a log that cannot be written holds no more than it counts.
 */
function owned(members: Buffer, isForLong: boolean): Buffer {
  const all = members.buffer.byteLength;
  if (!isForLong) {
    const most = Math.max(2 * members.length, POOL_BYTES);
    return all <= most ? members : Buffer.from(members);
  }
  if (all === members.length) return members;
  const copy = Buffer.allocUnsafeSlow(members.length);
  members.copy(copy);
  return copy;
}

/** Starts reading a worker's pipe. */
export function startWorkerPort(deps: PortDeps): WorkerPort {
  const { pipe, log, idPrefix, quota } = deps;
  const flows = new FlowTable(LIMITS.openFlowsPerWorker);
  const decoder = new FrameDecoder(MAX_WORKER_FRAME);
  const comma = Buffer.from(',');
  let publicKey: Buffer | null = null;
  let acked: number[] = [];
  let mintSecond = 0;
  let mints = 0;
  let broken = false;

  pipe.on('data', (chunk: Buffer) => {
    if (broken) return;
    try {
      decoder.push(chunk, onFrame);
    } catch (error) {
      breakPipe(error instanceof Error ? error.message : String(error));
    }
    // Back-pressure: what is not read waits in the pipe, and there the worker cuts its copies.
    if (log.pauseFor(() => pipe.resume())) pipe.pause();
  });
  pipe.on('error', (error) => breakPipe(error.message));

  function breakPipe(problem: string): void {
    if (broken) return;
    broken = true;
    pipe.destroy();
    deps.onBroken(problem);
  }

  function onFrame(frame: Frame): void {
    switch (frame.type) {
      case 'open':
        onOpen(frame);
        return;
      case 'record':
        onRecord(frame);
        return;
      case 'mint':
        onMint(frame.request, frame.host);
        return;
      case 'hello':
        if (publicKey !== null || frame.publicKey.length > 200) throw new RangeError('bad hello');
        publicKey = Buffer.from(frame.publicKey);
        deps.onHello();
        return;
      case 'workerControl':
        deps.onControl(frame.message);
        return;
      default:
        throw new RangeError(`Cannot read frame: a worker may not send "${frame.type}"`);
    }
  }

  function onOpen(frame: Frame & { type: 'open' }): void {
    const { event, flow, key, rest } = frame;
    if (deps.waits && event === 'intent' && frame.policy < deps.policyVersion()) {
      verdict('stale', [flow]);
      return;
    }
    if (deps.waits && !log.healthy()) {
      verdict('refused', [flow]);
      return;
    }
    const client = quota === null ? '' : shareIn(key.toString('latin1'));
    if (deps.waits && quota?.mayBegin(client) === false) {
      verdict('quota', [flow]);
      return;
    }
    // Also alone: it stands in other records, too, without the rest.
    if (key.length > 0) complain(checkMembers(key, IDENTITY_MEMBERS));
    const parts = key.length > 0 && rest.length > 0 ? [key, comma, rest] : [key, rest];
    const joined = checked(Buffer.concat(parts));
    const members = owned(joined, !log.healthy());
    // Latin-1 keeps the bytes as they are; they go back to the log the same way.
    complain(flows.open(flow, { event, key: key.toString('latin1') }));
    quota?.charge(client, lineBound(members));
    // Where nobody waits for the verdict, the request is on its way: its record has to be written.
    const withdraw = deps.waits ? () => refuse(flow) : undefined;
    log.append(event, `${idPrefix}${flow}`, members, () => acknowledge(flow), withdraw);
  }

  function onRecord(frame: Frame & { type: 'record' }): void {
    const members = checked(frame.members);
    const opened = flows.get(frame.flow);
    complain(flows.record(frame.flow, frame.event));
    // While there is no room, it is kept for those that were sent on: refusals are counted.
    if (opened === undefined && frame.event === 'blocked' && !log.healthy()) {
      log.countRefused();
      return;
    }
    if (quota !== null && isOverQuota(quota, members, opened)) return;
    log.append(frame.event, `${idPrefix}${frame.flow}`, owned(members, !log.healthy()));
  }

  /** What runs is recorded and paid for later; of what does not, only the number goes on the record. */
  function isOverQuota(quota: ClientQuota, members: Buffer, opened: OpenFlow | undefined): boolean {
    const own = members.toString('latin1', 0, CLIENT_CHARS);
    const client = shareIn(opened?.key ?? own);
    if (opened !== undefined || quota.mayBegin(client)) {
      quota.charge(client, lineBound(members));
      return false;
    }
    quota.countRefused(client);
    return true;
  }

  /** A flow's members as they are, when they may stand in the record; else the pipe is broken. */
  function checked(members: Buffer): Buffer {
    // Before anything is taken note of: a flow of which the log has no opening record is none.
    if (lineBound(members) > MAX_RECORD_BYTES) complain(`${members.length} bytes are too many`);
    if (members.length > 0) complain(checkMembers(members, FLOW_MEMBERS));
    return members;
  }

  function complain(problem: string | null): void {
    if (problem !== null) throw new RangeError(`Cannot take record: ${problem}`);
  }

  /** The log cannot take its opening record: it has not begun. */
  function refuse(flow: number): void {
    flows.withdraw(flow);
    verdict('refused', [flow]);
  }

  /** Acks of one turn leave in one frame. */
  function acknowledge(flow: number): void {
    if (acked.push(flow) > 1) return;
    process.nextTick(() => {
      const batch = acked;
      acked = [];
      verdict('ack', batch);
    });
  }

  function verdict(kind: Verdict, batch: readonly number[]): void {
    send(encodeVerdict(kind, batch));
  }

  function send(frame: Buffer): void {
    if (pipe.destroyed) return;
    if (pipe.writableLength > MAX_UNREAD_BYTES) breakPipe('The worker does not read its pipe');
    else pipe.write(frame);
  }

  function onMint(request: number, host: string): void {
    if (publicKey === null || parseHost(host) !== host) throw new RangeError('bad mint request');
    let pem = '';
    let problem = '';
    const second = Math.floor(performance.now() / 1000);
    if (second !== mintSecond) [mintSecond, mints] = [second, 0];
    mints += 1;
    try {
      if (mints > LIMITS.workerMintsPerSecond) throw new RangeError('too many leaves a second');
      pem = deps.mintLeaf(host, publicKey);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    send(encodeMinted(request, pem, problem));
  }

  function* endings(reason: string): Generator<{ id: string; members: string }> {
    for (const [flow, { key }] of flows.abandon()) {
      const members = Buffer.from(key, 'latin1').toString();
      const identity = members === '' ? '' : `${members},`;
      yield { id: `${idPrefix}${flow}`, members: `${identity}"reason":"${reason}"` };
    }
  }

  return {
    send,
    openCount: () => flows.size,
    *openFlows() {
      for (const [flow, { event, key }] of flows) {
        const members = Buffer.from(key, 'latin1').toString();
        yield `{"id":"${idPrefix}${flow}","event":"${event}"${members === '' ? '' : ','}${members}}`;
      }
    },
    abandon(reason) {
      return appendAll(log, 'error', endings(reason));
    },
  };
}
