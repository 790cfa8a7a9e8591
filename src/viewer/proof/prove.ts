// What shows that one record is as it was written: the hash that links it to its neighbours, and the
// chain from it to the next checkpoint that is signed. Reads for a bounded time; the whole log is
// `leashctl verify`'s work, and this says nothing about records elsewhere.

import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GENESIS } from '../../shared/audit-line.ts';
import { ChainWalk } from '../../shared/chain-walk.ts';
import { type Checkpoint, readCheckpoint } from '../../shared/checkpoint.ts';
import type { SearchDeps } from '../store/page.ts';
import type { Position } from '../store/segment-reader.ts';
import {
  type FoundLine,
  type NoLine,
  readLineAfter,
  readLineAt,
  readLineBefore,
} from './line-at.ts';

type Link = 'good' | 'bad' | 'unknown';

export type Proof = {
  segment: number;
  /** Byte of the plain segment at which the line begins. */
  offset: number;
  seq: number | null;
  /** SHA-256 of the line, and what it says of the line before it. */
  hash: string;
  prev: string;
  /** To the line before; to the line behind; both of them as one word. */
  before: Link | 'first';
  after: Link | 'last';
  links: Link;
  checkpoint: {
    /** `none`: there is none behind it yet, or none that was reached. */
    signature: 'good' | 'bad' | 'none';
    seq: number | null;
    key: string;
    /** Whether each record between this one and the checkpoint follows the one before it. */
    chain: Link;
    /** So many records were walked. */
    walked: number;
  };
  summary: string;
};

/** A checkpoint comes each thousand records or each second: usually a megabyte, seldom more than this. */
const MAX_WALK_BYTES = 64 * 1024 * 1024;
/** A person waits for one answer. */
const MAX_WALK_MS = 1500;
/** A millisecond of hashing: the event loop is free again after it. */
const STEP_BYTES = 256 * 1024;

const STAMP = /^\{"seq":(\d{1,15}),"prev":"([0-9a-f]{64})","ts":/;
const STAMP_BYTES = 128;

/** The proof of the record whose line begins at `place`; null where no line begins. */
export async function prove(deps: SearchDeps, place: Position): Promise<Proof | null> {
  const line = await readLineAt(deps.log, place);
  if (line === null) return null;
  const digest = hash('sha256', line.bytes);
  const own = stampOf(line);
  const facts = { ...place, hash: digest, seq: own?.seq ?? null, prev: own?.prev ?? '' };
  if (place.segment === 0) return unchained(facts);
  const before = linkBefore(own, await readLineBefore(deps.log, place));
  const after = linkAfter(digest, own, await readLineAfter(deps.log, line));
  const links = own === null ? 'bad' : joinLinks(before, after);
  const walk = own === null ? NOT_WALKED : await walkToCheckpoint(deps, line, own);
  const proof = { ...facts, before, after, links, checkpoint: walk } as const;
  return { ...proof, summary: summarize(proof) };
}

type Stamp = { readonly seq: number; readonly prev: string };

function stampOf({ bytes }: FoundLine): Stamp | null {
  const match = STAMP.exec(bytes.toString('latin1', 0, STAMP_BYTES));
  return match === null ? null : { seq: Number(match[1]), prev: match[2] ?? '' };
}

function linkBefore(own: Stamp | null, found: FoundLine | NoLine): Proof['before'] {
  if (own === null) return 'bad';
  if (found === 'edge') return own.seq === 1 && own.prev === GENESIS ? 'first' : 'bad';
  if (found === 'gone') return 'unknown';
  const follows = stampOf(found)?.seq === own.seq - 1;
  return follows && hash('sha256', found.bytes) === own.prev ? 'good' : 'bad';
}

function linkAfter(digest: string, own: Stamp | null, found: FoundLine | NoLine): Proof['after'] {
  if (found === 'edge') return 'last';
  if (found === 'gone') return 'unknown';
  const next = stampOf(found);
  return next?.prev === digest && next.seq === (own?.seq ?? 0) + 1 ? 'good' : 'bad';
}

function joinLinks(before: Proof['before'], after: Proof['after']): Link {
  if (before === 'bad' || after === 'bad') return 'bad';
  return before === 'unknown' || after === 'unknown' ? 'unknown' : 'good';
}

type Walked = Proof['checkpoint'];
const NOT_WALKED: Walked = { signature: 'none', seq: null, key: '', chain: 'unknown', walked: 0 };

/** From the line on, each record must follow the one before it, up to a checkpoint. */
async function walkToCheckpoint(deps: SearchDeps, line: FoundLine, own: Stamp): Promise<Walked> {
  const stopAt = deps.now() + MAX_WALK_MS;
  const newest = (await deps.log.list()).at(-1) ?? 0;
  let start = { seq: own.seq - 1, prev: own.prev, offset: line.place.offset };
  let budget = MAX_WALK_BYTES;
  let walked = 0;
  for (let { segment } = line.place; segment <= newest; segment += 1) {
    const source = await deps.log.open(segment);
    if (source === null) return { ...NOT_WALKED, walked };
    let found: { signed: Checkpoint | null; seq: number; walked: number } | null = null;
    const walk: ChainWalk = new ChainWalk(
      {
        wanted: new Set(['checkpoint']),
        onLine: ({ bytes, seq }) => {
          found ??= { signed: readCheckpoint(bytes), seq, walked: walk.records };
        },
        isSigned: ({ bytes }) => readCheckpoint(bytes) !== null,
      },
      start,
    );
    try {
      for (let at = start.offset; at < source.size && found === null; at += STEP_BYTES) {
        const block = await source.read(at, Math.min(STEP_BYTES, source.size - at));
        if (block === null) return { ...NOT_WALKED, chain: 'bad', walked: walked + walk.records };
        walk.push(block);
        budget -= block.length;
        if (found === null && (budget <= 0 || deps.now() >= stopAt)) {
          const chain = walk.damage() === null ? 'unknown' : 'bad';
          return { ...NOT_WALKED, chain, walked: walked + walk.records };
        }
        await nextTurn();
      }
    } finally {
      await source.close();
    }
    if (found !== null) return answerOf(found, walk, walked);
    walked += walk.records;
    if (walk.damage() !== null) return { ...NOT_WALKED, chain: 'bad', walked };
    start = { ...walk.last, offset: 0 };
  }
  return { ...NOT_WALKED, chain: 'good', walked };
}

function answerOf(
  found: { signed: Checkpoint | null; seq: number; walked: number },
  walk: ChainWalk,
  before: number,
): Walked {
  const damage = walk.damage();
  // What stands behind the checkpoint is not this record's matter.
  const isBroken = damage !== null && damage.seq <= found.seq;
  return {
    signature: found.signed === null ? 'bad' : 'good',
    seq: found.seq,
    key: found.signed?.key ?? '',
    chain: isBroken ? 'bad' : 'good',
    walked: before + found.walked,
  };
}

function unchained(facts: Pick<Proof, 'segment' | 'offset' | 'seq' | 'hash' | 'prev'>): Proof {
  return {
    ...facts,
    seq: null,
    prev: '',
    before: 'unknown',
    after: 'unknown',
    links: 'unknown',
    checkpoint: NOT_WALKED,
    summary: 'A line of the original’s file: no hash links it to others, and nothing is signed.',
  };
}

type Facts = Omit<Proof, 'summary'>;

function summarize({ seq, links, before, after, checkpoint }: Facts): string {
  if (seq === null) return 'This line is no record as leash writes them: it was changed.';
  return `${linkSentence(links, before, after)} ${signSentence(checkpoint)}`;
}

function linkSentence(links: Link, before: Proof['before'], after: Proof['after']): string {
  if (links === 'bad') {
    return after === 'bad'
      ? 'The record behind it holds another hash than this line has: one of the two was changed.'
      : 'It holds another hash than the line before it has: one of the two was changed.';
  }
  if (before === 'unknown')
    return 'The segment before it is not there, so its link was not checked.';
  if (after === 'unknown')
    return 'The segment behind it is not there, so its link was not checked.';
  if (after === 'last') return 'It is linked to the record before it, and none follows yet.';
  return before === 'first'
    ? 'It is the first record of the log, and the next one holds its hash.'
    : 'Its hash links it to the records on both sides.';
}

function signSentence({ signature, seq, chain, walked }: Walked): string {
  if (signature === 'bad') return `The signature of checkpoint ${seq} does not fit.`;
  if (chain === 'bad') {
    return seq === null
      ? 'The chain is broken behind it.'
      : `The chain is broken between it and checkpoint ${seq}: that one does not cover it.`;
  }
  if (signature === 'good') return `Checkpoint ${seq}, whose signature fits, covers it.`;
  return chain === 'good'
    ? 'No checkpoint was signed behind it yet.'
    : `No checkpoint was found within ${walked} records behind it.`;
}
