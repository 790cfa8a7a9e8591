// What is done with whole segments, in a thread of piscina: checking, compressing, looking for flows that
// were left open. Each takes seconds; none may keep the event loop that acknowledges. Synchronous inside.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import {
  type FlowEvent,
  IDENTITY_NAMES,
  MAX_IDENTITY_CHARS,
  OPENING_EVENTS,
  TERMINAL_EVENTS,
} from '../../shared/audit-event.ts';
import { formatMembers, parseLine } from '../../shared/audit-line.ts';
import { type ChainDamage, type ChainPoint, ChainWalk } from '../../shared/chain-walk.ts';
import { readCheckpoint } from '../../shared/checkpoint.ts';
import { deflateMember, MEMBER_INPUT_BYTES } from '../../shared/gzip-member.ts';
import { DamagedSegment, readAt, readSegment } from '../log/segment-bytes.ts';

/** What a walk over a whole segment says. */
export type Inspection = {
  readonly first: ChainPoint | null;
  readonly last: ChainPoint;
  /** Byte behind the last whole line. */
  readonly end: number;
  readonly damage: ChainDamage | null;
  readonly tornBytes: number;
  /** Segments that were deleted, by the records of it: what the line behind each of them continues. */
  readonly deleted: readonly ChainPoint[];
};

export type InspectInput = {
  readonly path: string;
  /** Checkpoint lines that were copied outside: each must stand in the log as it was copied. */
  readonly published: readonly string[];
};

const EVIDENCE: ReadonlySet<string> = new Set(['checkpoint', 'segment_deleted']);

/** Walks a segment's chain, plain or compressed, and its signatures. Throws where it cannot be read. */
export function inspectSegment({ path, published }: InspectInput): Inspection {
  const copies = new Map(published.map((line) => [Number(/"seq":(\d+)/.exec(line)?.[1]), line]));
  const deleted: ChainPoint[] = [];
  let forged: ChainDamage | null = null;
  const walk = new ChainWalk({
    wanted: EVIDENCE,
    onLine({ event, seq, offset, bytes }) {
      const text = bytes.toString();
      if (event === 'segment_deleted') deleted.push(...deletedPoint(text));
      else if (readCheckpoint(bytes) === null) forged ??= { seq, offset, kind: 'altered' };
      if (copies.get(seq) === text) copies.delete(seq);
    },
  });
  let damage: ChainDamage | null = null;
  try {
    for (const chunk of readSegment(path)) walk.push(chunk);
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
    damage = { seq: walk.last.seq + 1, offset: walk.end, kind: 'altered' };
  }
  const { first, last, end, tornBytes } = walk;
  damage = walk.damage() ?? forged ?? damage;
  // The chain may hold and be another one: what was copied outside is not in it.
  const [otherSeq] = [...copies.keys()].filter((seq) => seq > (first?.seq ?? 0) && seq <= last.seq);
  if (damage === null && otherSeq !== undefined) {
    damage = { seq: otherSeq, offset: 0, kind: 'altered' };
  }
  return { first, last, end, damage, tornBytes, deleted };
}

function deletedPoint(line: string): ChainPoint[] {
  const record: Readonly<Record<string, unknown>> = parseLine(line) ?? {};
  const { last_seq: seq, last_hash: prev } = record;
  return typeof seq === 'number' && typeof prev === 'string' ? [{ seq, prev }] : [];
}

/**
 * `egress.7.jsonl` → `egress.7.jsonl.gz`, and the plain file goes when the compressed one was read back
 * and is the same. A segment that is damaged stays as it is: its bytes are evidence. Throws: it stays.
 */
export function compressSegment(path: string): 'compressed' | 'damaged' {
  const temporary = `${path}.new.gz`;
  try {
    if (!writeCompressed(path, temporary)) {
      unlinkSync(temporary);
      return 'damaged';
    }
    if (!holdsSame(path, temporary)) throw new Error(`${path} did not survive compression`);
    renameSync(temporary, `${path}.gz`);
    syncFolder(dirname(path));
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
  try {
    unlinkSync(path);
  } catch (error) {
    // It was deleted meanwhile, with a record of that: it must not come back in another form.
    removeIfThere(`${path}.gz`);
    throw error;
  }
  return 'compressed';
}

/** False: the segment is damaged. */
function writeCompressed(path: string, target: string): boolean {
  const walk = new ChainWalk();
  const source = openSync(path, 'r');
  const fd = openSync(target, 'w', 0o640);
  try {
    for (let at = 0; ; at += MEMBER_INPUT_BYTES) {
      const input = readAt(source, at, MEMBER_INPUT_BYTES);
      if (input.length === 0) break;
      walk.push(input);
      const member = deflateMember(input);
      for (let done = 0; done < member.length; ) done += writeSync(fd, member, done);
    }
    // Its age is the age of what is in it.
    const { atimeMs, mtimeMs } = fstatSync(source);
    futimesSync(fd, atimeMs / 1000, mtimeMs / 1000);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
    closeSync(source);
  }
  return walk.damage() === null && walk.tornBytes === 0;
}

/** Whether what was compressed comes out again, byte for byte. */
function holdsSame(path: string, compressed: string): boolean {
  const source = openSync(path, 'r');
  try {
    let at = 0;
    for (const chunk of readSegment(compressed)) {
      if (!readAt(source, at, chunk.length).equals(chunk)) return false;
      at += chunk.length;
    }
    return fstatSync(source).size === at;
  } finally {
    closeSync(source);
  }
}

/** A flow without a last record: its id, and the members that say whose it was. */
export type OrphanedFlow = { readonly id: string; readonly members: string };

const FLOW_LINES: ReadonlySet<string> = new Set([
  ...OPENING_EVENTS,
  ...TERMINAL_EVENTS,
  'segment',
  'stop',
]);
type Place = { readonly path: string; readonly offset: number; readonly length: number };

/** Flows that begin in these segments (oldest first), or were open before them, and do not end. */
export function findOpenFlows(paths: readonly string[]): OrphanedFlow[] {
  const open = new Map<string, Place | OrphanedFlow>();
  // Lists of open flows: of the first segment, and of one behind damage.
  let takesList = true;
  for (const path of paths) {
    const takes = takesList;
    takesList = false;
    const walk = new ChainWalk({
      wanted: FLOW_LINES,
      onLine({ event, offset, bytes }) {
        if (event === 'segment') {
          if (takes) for (const flow of listedFlows(bytes)) open.set(flow.id, flow);
          return;
        }
        // A clean stop is written when all flows of its run have ended; of runs before, it knows nothing.
        if (event === 'stop') {
          const run = /,"id":"(\d+-)/.exec(bytes.toString('latin1', 0, 240))?.[1] ?? '';
          for (const id of open.keys()) if (id.startsWith(run)) open.delete(id);
          return;
        }
        const id = /,"id":"([^"]{1,40})"/.exec(bytes.toString('latin1', 0, 240))?.[1] ?? '';
        if (TERMINAL_EVENTS.has(event as FlowEvent)) open.delete(id);
        else if (path.endsWith('.gz')) open.set(id, { id, members: identityAt(bytes) });
        else open.set(id, { path, offset, length: bytes.length });
      },
    });
    let isDamaged = false;
    try {
      for (const chunk of readSegment(path)) walk.push(chunk);
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error;
      isDamaged = true;
    }
    // The end of what was open may stand where nobody can read it: nothing is said of it.
    if (!isDamaged && walk.damage() === null) continue;
    open.clear();
    takesList = true;
  }
  return [...open].map(([id, flow]) => ('id' in flow ? flow : { id, members: membersAt(flow) }));
}

function listedFlows(header: Buffer): OrphanedFlow[] {
  const listed = parseLine(header.toString())?.open;
  return (Array.isArray(listed) ? listed : []).flatMap((flow: unknown) => {
    if (typeof flow !== 'object' || flow === null || !('id' in flow)) return [];
    return typeof flow.id === 'string' ? [{ id: flow.id, members: identityOf({ ...flow }) }] : [];
  });
}

/** Reads the opening record again: what it says was not kept while the flow might still have ended. */
function membersAt({ path, offset, length }: Place): string {
  const fd = openSync(path, 'r');
  try {
    return identityAt(readAt(fd, offset, length));
  } finally {
    closeSync(fd);
  }
}

function identityAt(line: Buffer): string {
  return identityOf(parseLine(line.toString()) ?? {});
}

/** The old record may be anybody's: what it says becomes part of a new one, which must fit a line. */
function identityOf(record: Readonly<Record<string, unknown>>): string {
  const named = [...IDENTITY_NAMES].map((name) => [name, record[name]] as const);
  return formatMembers(Object.fromEntries(named.filter(isIdentity)));
}

function isIdentity([name, value]: readonly [string, unknown]): boolean {
  if (name === 'port')
    return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
  return typeof value === 'string' && value.length <= MAX_IDENTITY_CHARS;
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It never came to be.
  }
}
