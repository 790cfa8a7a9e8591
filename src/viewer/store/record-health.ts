// What the record says about its own health: the newest `log_recovered` records. Reads the end of the
// log once, for a bounded time, and afterwards what has come since.

import { parseLine } from '../../shared/audit-line.ts';
import type { LogCheck, LogDamage } from '../../shared/status.ts';
import type { SearchDeps } from './page.ts';
import { isNewer } from './position-text.ts';
import { isDamage } from './row.ts';
import { type Position, readLinesBackward } from './segment-reader.ts';

/** Whether what was recorded is still there and unchanged, as far as leash itself looked. */
export type RecordHealth = {
  /** Each segment once. */
  damage: RecordDamage[];
  /** The newest last line that a crash tore off: no record that was whole is missing. */
  torn: { file: string; ts: number } | null;
};

/** `missing`: in front of the segment. `gone`: taken away while it was written. `truncated`: records that were signed are not there. */
type RecordDamage = LogDamage & {
  kind: 'damaged' | 'missing' | 'gone' | 'truncated';
};

type Finding = LogDamage & {
  readonly kind: RecordDamage['kind'] | 'torn';
  readonly ts: number;
};

/** As long as one search: a start writes its findings, and a viewer is started right behind. */
const MAX_MS = 250;
const MAX_BYTES = 64 * 1024 * 1024;
/** More starts with findings than that are shown nowhere. */
const MAX_FINDINGS = 20;
/** Quotes in a string are escaped: nothing that an agent sends looks like this in a line. */
const NEEDLE = '"event":"log_recovered"';

/** A function that joins what the primary's walk found and what the record says. */
export function createHealthReader(
  deps: SearchDeps,
): (check: LogCheck | undefined) => Promise<RecordHealth> {
  /** Newest first. */
  let found: readonly Finding[] = [];
  let newest: Position | null = null;
  let reading: Promise<void> | null = null;
  const read = async () => {
    const scan = await findSince(deps, newest);
    found = [...scan.findings, ...found].slice(0, MAX_FINDINGS);
    newest = scan.newest ?? newest;
  };
  return async (check) => {
    // One at a time: two readers would find the same twice.
    reading ??= read().finally(() => {
      reading = null;
    });
    await reading;
    return join(check?.damage ?? [], found);
  };
}

function join(damage: readonly LogDamage[], findings: readonly Finding[]): RecordHealth {
  const bySegment = new Map<string, RecordDamage>();
  const ofWalk = damage.map((each): Finding => ({ ...each, kind: 'damaged', ts: 0 }));
  for (const { kind, file, seq, offset } of [...ofWalk, ...findings]) {
    // A segment that was compressed since is still the same one.
    const segment = file.replace(/\.gz$/, '');
    if (kind === 'torn' || bySegment.has(segment)) continue;
    bySegment.set(segment, { kind, file, seq, offset });
  }
  const torn = findings.find(({ kind }) => kind === 'torn');
  return {
    damage: [...bySegment.values()],
    torn: torn === undefined ? null : { file: torn.file, ts: torn.ts },
  };
}

async function findSince(
  deps: SearchDeps,
  after: Position | null,
): Promise<{ findings: Finding[]; newest: Position | null }> {
  const findings: Finding[] = [];
  const stopAt = deps.now() + MAX_MS;
  let newest: Position | null = null;
  let bytes = 0;
  for await (const batch of readLinesBackward(deps.log)) {
    for (const line of batch.lines) {
      const place = { segment: line.segment, offset: line.start };
      // A file of the original has no findings of leash, whatever its lines say.
      if (line.segment === 0 || (after !== null && !isNewer(place, after))) {
        return { findings, newest };
      }
      newest ??= place;
      bytes += line.end - line.start;
      const finding = line.bytes?.includes(NEEDLE) ? toFinding(line.bytes) : null;
      if (finding !== null) findings.push(finding);
    }
    if (bytes >= MAX_BYTES || deps.now() >= stopAt) break;
  }
  return { findings, newest };
}

function toFinding(line: Buffer): Finding | null {
  const record = parseLine(line.toString());
  if (record?.event !== 'log_recovered') return null;
  const kind = isDamage(record) ? kindOf(record.reason) : 'torn';
  const { file, last_seq: last, offset } = record;
  return {
    ts: record.ts,
    kind,
    file: typeof file === 'string' ? file : '',
    seq: typeof last === 'number' ? last + 1 : 0,
    offset: typeof offset === 'number' ? offset : 0,
  };
}

function kindOf(reason: unknown): RecordDamage['kind'] {
  return reason === 'missing' || reason === 'gone' || reason === 'truncated' ? reason : 'damaged';
}
