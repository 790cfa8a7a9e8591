import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recoverLog } from '../../../../src/primary/log/log-recovery.ts';
import { SegmentWriter } from '../../../../src/primary/log/segment-writer.ts';
import { GENESIS } from '../../../../src/shared/audit-line.ts';
import { readChain, readLines } from '../../../support/log-files.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const ROTATE = 1024 * 1024;

describe('recoverLog()', () => {
  let temp: TempDir;
  let logPath: string;
  const file = (name: string) => join(temp.path, name);
  beforeEach(async () => {
    temp = await tempDir();
    logPath = file('egress.jsonl');
  });
  afterEach(() => temp.close());

  const recover = (path = logPath) => recoverLog({ logPath: path, rotateBytes: ROTATE, key: '' });

  /** Appends `count` records as a run of leash would, from wherever recovery says. */
  function write(count: number, reason = 'x'): void {
    const { position, epoch } = recover();
    const writer = new SegmentWriter(logPath, position);
    const entries = Array.from({ length: count }, (_, n) => ({
      event: 'stop' as const,
      id: `${epoch}-0-${n + 1}`,
      members: `"reason":"${reason}"`,
      tsMs: 1_700_000_000_000,
    }));
    for (let done = 0; done < count; ) done += writer.append(entries, done);
    writer.close();
  }

  it('starts a new log with number 1, epoch 1 and no hash', () => {
    expect(recover()).toEqual({
      position: { segment: 1, offset: 0, seq: 0, prev: GENESIS },
      epoch: 1,
      findings: [],
      unsettled: [],
    });
  });

  it('goes on in the newest segment, one epoch later', () => {
    write(3);
    write(2);
    const { position, epoch, findings } = recover();
    expect([position.segment, position.seq, epoch, findings]).toEqual([1, 5, 3, []]);
    expect(readChain(temp.path).map(({ id }) => id)).toEqual([
      '1-0-1',
      '1-0-2',
      '1-0-3',
      '2-0-1',
      '2-0-2',
    ]);
  });

  it('begins a segment where the newest one is full', () => {
    write(20, 'x'.repeat(60_000));
    const { position } = recover();
    expect([position.segment, position.offset, position.seq]).toEqual([2, 0, 20]);
  });

  it('orders segments by number, not by text', () => {
    for (let number = 1; number <= 11; number += 1) write(20, 'x'.repeat(60_000));
    expect(readlinkSync(logPath)).toBe('egress.11.jsonl');
    expect(readChain(temp.path)).toHaveLength(220);
  });

  it.each([
    ['half a line', '{"seq":4,"prev":"00'],
    [
      'a line that lacks its newline',
      `{"seq":4,"prev":"${GENESIS}","ts":1,"event":"stop","id":"1-0-4"}`,
    ],
    ['zeros, as a power cut leaves them', '\0'.repeat(5000)],
    ['megabytes without a newline', '\0'.repeat(5 * 1024 * 1024)],
  ])('cuts %s off, keeps it aside, and goes on', (_name, tail) => {
    // Invariant: recovery changes no whole line; it cuts what stands behind the last newline, and keeps it aside.
    write(3);
    const whole = readFileSync(logPath, 'utf8');
    appendFileSync(logPath, tail);
    const { position, findings } = recover();
    expect(findings).toEqual([
      {
        file: 'egress.1.jsonl',
        reason: 'torn_tail',
        last_seq: 3,
        offset: whole.length,
        bytes: tail.length,
        kept: 'egress.1.jsonl.broken',
      },
    ]);
    expect(position.offset).toBe(whole.length);
    expect(readFileSync(logPath, 'utf8')).toBe(whole);
    expect(readFileSync(file('egress.1.jsonl.broken'), 'utf8')).toBe(tail);
    write(1);
    expect(readChain(temp.path)).toHaveLength(4);
  });

  it('cuts at every byte of a record without losing one before it', () => {
    write(2);
    const { size } = statSync(logPath);
    const first = readLines(temp.path)[0] ?? '';
    for (let cut = size - 1; cut > first.length; cut -= 1) {
      truncateSync(logPath, cut);
      const { position } = recover();
      expect([position.seq, position.offset]).toEqual([1, first.length + 1]);
      writeFileSync(logPath, `${first}\n`);
      write(1);
    }
  });

  const damages: [name: string, damage: (lines: string[]) => void, at: number][] = [
    [
      'a record that was changed',
      (lines) => lines.splice(1, 1, (lines[1] ?? '').replace('"x"', '"y"')),
      1,
    ],
    ['a record that was taken out', (lines) => lines.splice(1, 1), 1],
    ['a line that is no record', (lines) => lines.splice(1, 1, 'hello'), 1],
    [
      'two records in another order',
      (lines) => lines.splice(1, 2, lines[2] ?? '', lines[1] ?? ''),
      1,
    ],
    [
      'a last line that is no JSON',
      (lines) => lines.splice(4, 1, (lines[4] ?? '').replace('"x"', '"x')),
      4,
    ],
    ['a line longer than any record', (lines) => lines.splice(1, 1, 'x'.repeat(3_000_000)), 1],
  ];
  it.each(damages)('names %s, repairs nothing, and begins a new segment', (_name, damage, at) => {
    write(5);
    const lines = readLines(temp.path);
    const changed = [...lines];
    damage(changed);
    const damaged = changed.map((line) => `${line}\n`).join('');
    writeFileSync(file('egress.1.jsonl'), damaged);
    const { position, findings, epoch } = recover();
    const offset = changed.slice(0, at).join('\n').length + 1;
    expect(findings).toEqual([{ file: 'egress.1.jsonl', reason: 'damaged', last_seq: at, offset }]);
    expect([position.segment, position.offset, epoch]).toEqual([2, 0, 2]);
    // No number is given out twice.
    expect(position.seq).toBe(
      changed.at(-1)?.startsWith('{"seq":5')
        ? 5
        : Math.max(...changed.map((line) => Number(/^\{"seq":(\d+)/.exec(line)?.[1] ?? 0))),
    );
    expect(readFileSync(file('egress.1.jsonl'), 'utf8')).toBe(damaged);
  });

  it('takes a newer segment that has nothing yet, after a crash at a rotation', () => {
    write(3);
    writeFileSync(file('egress.2.jsonl'), '');
    expect(recover().position).toMatchObject({ segment: 2, offset: 0, seq: 3 });
    writeFileSync(file('egress.2.jsonl'), '{"seq":4');
    const { position, findings } = recover();
    expect(position).toMatchObject({ segment: 2, offset: 0, seq: 3 });
    expect(findings).toMatchObject([{ file: 'egress.2.jsonl', reason: 'torn_tail', bytes: 8 }]);
  });

  it('makes a regular file of another program segment 0, byte for byte', () => {
    writeFileSync(logPath, '{"host":"old"}\nhalf');
    const { position } = recover();
    expect(position).toEqual({ segment: 1, offset: 0, seq: 0, prev: GENESIS });
    expect(readFileSync(file('egress.0.jsonl'), 'utf8')).toBe('{"host":"old"}\nhalf');
    expect(existsSync(logPath)).toBe(false);
    write(1);
    expect(readdirSync(temp.path).sort()).toEqual([
      'egress.0.jsonl',
      'egress.1.jsonl',
      'egress.jsonl',
    ]);
  });

  it('overwrites neither a segment 0 that is there, nor what is no file', () => {
    writeFileSync(logPath, 'new');
    writeFileSync(file('egress.0.jsonl'), 'old');
    expect(() => recover()).toThrow(/exists; move one of them away/);
    expect(readFileSync(file('egress.0.jsonl'), 'utf8')).toBe('old');
    mkdirSync(file('other.jsonl'));
    expect(() => recover(file('other.jsonl'))).toThrow(/is no file/);
  });
});
