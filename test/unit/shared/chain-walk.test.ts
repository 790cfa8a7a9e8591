import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES } from '../../../src/shared/audit-event.ts';
import { type ChainDamage, ChainWalk } from '../../../src/shared/chain-walk.ts';

const sha256 = (line: string) => createHash('sha256').update(line).digest('hex');

/** Lines of a chain; `first` is the number of its first record. */
function chain(count: number, first = 1, prev = '0'.repeat(64)): string[] {
  const lines: string[] = [];
  let link = prev;
  for (let seq = first; seq < first + count; seq += 1) {
    const event = seq % 3 === 0 ? 'intent' : 'allowed';
    const line = `{"seq":${seq},"prev":"${link}","ts":1700000000.${seq},"event":"${event}","id":"1-1-${seq}","url":"/${seq}"}`;
    lines.push(line);
    link = sha256(line);
  }
  return lines;
}

function walkText(text: string, chunkBytes = text.length, start?: { seq: number; prev: string }) {
  const walk = new ChainWalk({}, start && { ...start, offset: 0 });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    walk.push(bytes.subarray(at, at + chunkBytes));
  }
  return walk;
}
const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
const damageOf = (lines: readonly string[], isSound = true) =>
  walkText(textOf(lines)).damage(isSound);
/** Where line `index` begins. */
const placeOf = (lines: readonly string[], index: number) => textOf(lines.slice(0, index)).length;

describe('ChainWalk', () => {
  it.each([1, 7, 110, 4096, 1_000_000])('finds nothing wrong in chunks of %s bytes', (bytes) => {
    const lines = chain(20, 5, 'a'.repeat(64));
    const walk = walkText(textOf(lines), bytes);
    expect(walk.damage()).toBeNull();
    expect(walk.first).toEqual({ seq: 4, prev: 'a'.repeat(64) });
    expect(walk.last).toEqual({ seq: 24, prev: sha256(lines[19] ?? '') });
    expect(walk.records).toBe(20);
    expect(walk.end).toBe(textOf(lines).length);
    expect(walk.lastStart).toBe(placeOf(lines, 19));
    expect(walk.tornBytes).toBe(0);
  });

  it('says what stands behind the last newline', () => {
    const walk = walkText(`${textOf(chain(3))}{"seq":4`, 10);
    expect(walk.tornBytes).toBe(8);
    expect(walk.damage()).toBeNull();
    expect(walk.end).toBe(textOf(chain(3)).length);
  });

  it('has nothing to say about nothing', () => {
    const walk = walkText('');
    expect([walk.damage(), walk.first, walk.records]).toEqual([null, null, 0]);
  });

  it('continues what the caller says came before', () => {
    const lines = chain(4);
    const rest = lines.slice(2);
    const prev = sha256(lines[1] ?? '');
    expect(walkText(textOf(rest), 50, { seq: 2, prev }).damage()).toBeNull();
    expect(walkText(textOf(rest), 50, { seq: 1, prev }).damage()).not.toBeNull();
    const other = walkText(textOf(rest), 50, { seq: 2, prev: 'b'.repeat(64) });
    expect(other.damage()).toMatchObject({ offset: 0 });
  });

  const changed = (index: number) => {
    const lines = chain(8);
    lines[index] = (lines[index] ?? '').replace('"url":"/', '"url":"/evil');
    return lines;
  };
  it.each([0, 1, 3, 6])(
    'a line that was changed, removed, inserted or moved is named by its number and its place: line %s changed',
    (index) => {
      const lines = changed(index);
      expect(damageOf(lines)).toEqual<ChainDamage>({
        seq: index + 1,
        offset: placeOf(lines, index),
        kind: 'altered',
      });
    },
  );

  it('knows the last line as changed only where something follows it', () => {
    expect(damageOf(changed(7))).toBeNull();
  });

  it('blames a line whose link was changed, not the one before it', () => {
    const lines = chain(8);
    lines[4] = (lines[4] ?? '').replace(/"prev":"[0-9a-f]{64}/, `"prev":"${'f'.repeat(64)}`);
    expect(damageOf(lines)).toEqual({ seq: 5, offset: placeOf(lines, 4), kind: 'altered' });
  });

  it.each([
    ['removed', (lines: string[]) => lines.splice(3, 1), { seq: 4, kind: 'missing' }],
    [
      'removed, three of them',
      (lines: string[]) => lines.splice(3, 3),
      { seq: 4, kind: 'missing' },
    ],
    ['twice', (lines: string[]) => lines.splice(3, 0, lines[3] ?? ''), { seq: 4, kind: 'altered' }],
    ['no record', (lines: string[]) => lines.splice(3, 0, '{"a":1}'), { seq: 4, kind: 'altered' }],
    ['empty', (lines: string[]) => lines.splice(3, 0, ''), { seq: 4, kind: 'altered' }],
  ])('names a line that is %s', (_, damage, expected) => {
    const lines = chain(8);
    damage(lines);
    expect(damageOf(lines)).toMatchObject(expected);
  });

  it('names the first of two lines that changed places', () => {
    const lines = chain(8);
    [lines[2], lines[3]] = [lines[3] ?? '', lines[2] ?? ''];
    expect(damageOf(lines)?.seq).toBe(3);
  });

  it('names a forged line that is linked to the one before it, by the next one', () => {
    const lines = chain(8);
    const forged = `{"seq":4,"prev":"${sha256(lines[2] ?? '')}","ts":1,"event":"allowed","id":"1-1-1"}`;
    lines.splice(3, 0, forged);
    expect(damageOf(lines)).toMatchObject({ seq: 4, offset: placeOf(lines, 3) });
  });

  it('takes what the caller knows of the last line into account', () => {
    const lines = changed(6);
    expect(damageOf(lines, true)).toMatchObject({ seq: 7 });
    expect(damageOf(lines, false)).toMatchObject({ seq: 8 });
  });

  it('goes on behind damage, so that no number is given out twice', () => {
    const walk = walkText(textOf(changed(2)));
    expect(walk.last).toEqual({ seq: 8, prev: sha256(changed(2)[7] ?? '') });
  });

  it('keeps no more than a record of a line that does not end, and knows where it begins', () => {
    const text = `${textOf(chain(2))}${'x'.repeat(3 * MAX_RECORD_BYTES)}`;
    const walk = walkText(text, 65_536);
    expect(walk.damage()).toBeNull();
    expect(walk.tornBytes).toBe(3 * MAX_RECORD_BYTES);
    expect(walk.end).toBe(textOf(chain(2)).length);
    expect(walk.last.seq).toBe(2);
  });

  it.each([4096, 10_000_000])('goes on behind an overlong line, in chunks of %s', (bytes) => {
    const long = 'x'.repeat(3 * MAX_RECORD_BYTES);
    const lines = [...chain(2), long, ...chain(2, 3, sha256(long))];
    const walk = walkText(textOf(lines), bytes);
    expect(walk.damage()).toEqual({ seq: 3, offset: placeOf(lines, 2), kind: 'altered' });
    expect(walk.last).toEqual({ seq: 4, prev: sha256(lines[4] ?? '') });
    expect(walk.end).toBe(textOf(lines).length);
  });

  it.each([1, 4, 8])('names line %s where a newline came into it', (seq) => {
    const lines = chain(8);
    const bytes = Buffer.from(textOf(lines));
    bytes[placeOf(lines, seq - 1) + 115] = 0x0a;
    const walk = walkText(bytes.toString());
    expect(walk.damage()).toEqual({ seq, offset: placeOf(lines, seq - 1), kind: 'altered' });
  });

  it.each([1, 4, 7])('names line %s where the newline behind it is lost', (seq) => {
    const lines = chain(8);
    const bytes = Buffer.from(textOf(lines));
    bytes[placeOf(lines, seq) - 1] = 0x0b;
    const walk = walkText(bytes.toString());
    expect(walk.damage()).toEqual({ seq, offset: placeOf(lines, seq - 1), kind: 'altered' });
  });

  it('knows a last line that is no record', () => {
    const lines = chain(4);
    lines[3] = (lines[3] ?? '').replace('"id"', 'id');
    expect(damageOf(lines)).toEqual({ seq: 4, offset: placeOf(lines, 3), kind: 'altered' });
  });

  it('keeps the last line while chunks are used again', () => {
    const lines = chain(4);
    const chunk = Buffer.from(textOf(lines));
    const walk = new ChainWalk();
    walk.push(chunk);
    chunk.fill(0);
    expect(walk.lastLine.toString()).toBe(lines[3]);
    expect(walk.damage()).toBeNull();
  });

  it('does not blame a line whose signature fits for what follows it', () => {
    const lines = chain(8).map((line) => line.replace('"allowed"', '"checkpoint"'));
    const linked = chain(8, 5, 'f'.repeat(64));
    const text = textOf([...lines.slice(0, 1), ...chain(3, 2, 'a'.repeat(64)), ...linked]);
    const damage = (isSigned: boolean) => {
      const walk = new ChainWalk({ isSigned: () => isSigned });
      walk.push(Buffer.from(text));
      return walk.damage();
    };
    expect(damage(false)).toEqual({ seq: 1, offset: 0, kind: 'altered' });
    expect(damage(true)).toEqual({ seq: 2, offset: placeOf(lines, 1), kind: 'altered' });
    const signed = new ChainWalk({ isSigned: () => true });
    signed.push(Buffer.from(textOf(lines.slice(0, 1))));
    expect(signed.isLastSigned).toBe(true);
    signed.push(Buffer.from(textOf(chain(2).slice(1))));
    expect(signed.isLastSigned).toBe(false);
  });

  it('blames a line that is longer than a record', () => {
    const lines = chain(2);
    const prev = sha256(lines[1] ?? '');
    lines.push(
      `{"seq":3,"prev":"${prev}","ts":1,"event":"x","a":"${'x'.repeat(MAX_RECORD_BYTES)}"}`,
    );
    expect(damageOf(lines)).toMatchObject({ seq: 3, kind: 'altered' });
  });

  it('shows the lines that are wanted', () => {
    const seen: unknown[] = [];
    const walk = new ChainWalk({
      wanted: new Set(['intent']),
      onLine: ({ event, seq, offset, bytes }) => seen.push([event, seq, offset, bytes.toString()]),
    });
    const lines = chain(7);
    walk.push(Buffer.from(textOf(lines)));
    expect(seen).toEqual([2, 5].map((n) => ['intent', n + 1, placeOf(lines, n), lines[n]]));
    const all: string[] = [];
    new ChainWalk({ onLine: ({ event }) => all.push(event) }).push(Buffer.from(textOf(lines)));
    expect(all).toEqual([
      'allowed',
      'allowed',
      'intent',
      'allowed',
      'allowed',
      'intent',
      'allowed',
    ]);
  });
});
