import { describe, expect, it } from 'vitest';
import { checkLine, linesBetween, readExported } from '../../../../src/viewer/verify/exported.ts';
import { firstFrom, isKnownLine } from '../../../../src/viewer/verify/known-lines.ts';
import { LogWriter, newSigner, textOf } from '../../../support/signed-log.ts';

const lines =
  new LogWriter({ signer: newSigner() }).checkpoint().records(2).checkpoint().checkpoint().log
    .checkpoints ?? [];
const file = (bytes: Buffer | string, name = 'kept') => ({ name, bytes: Buffer.from(bytes) });

describe('readExported()', () => {
  it('gives the lines of all files by number, with their places', () => {
    const found = readExported([file(textOf(lines.slice(1)), 'a'), file(textOf(lines), 'b')]);
    expect(found.problems).toEqual([]);
    expect(found.lines.map(({ seq, file }) => `${seq} ${file}`)).toEqual([
      '2 b',
      '5 a',
      '5 b',
      '6 a',
      '6 b',
    ]);
    expect(found.lines[2]?.offset).toBe(textOf(lines.slice(0, 1)).length);
    expect([...found.known.seqs]).toEqual([2, 5, 5, 6, 6]);
    expect(isKnownLine(found.known, 3, Buffer.from(lines[2] ?? ''))).toBe(true);
    expect(isKnownLine(found.known, 0, Buffer.from(lines[2] ?? ''))).toBe(false);
    expect([1, 2, 3, 5, 6, 7].map((seq) => firstFrom(found.known, seq))).toEqual([
      0, 0, 1, 1, 3, 5,
    ]);
    expect([...linesBetween(found, 3, 6)].map(({ seq }) => seq)).toEqual([5, 5]);
  });

  it('names the first line of each file that is no checkpoint, and takes half a line for none', () => {
    const text = `${textOf(lines)}\nx\n{"seq":`;
    expect(readExported([file(text, 'a'), file('{"a":1}\n', 'b')]).problems).toMatchObject([
      { outcome: 'damaged', seq: 0, file: 'a', offset: textOf(lines).length },
      { outcome: 'damaged', seq: 0, file: 'b', offset: 0 },
    ]);
    expect(readExported([file(''), file('{"seq":1')])).toMatchObject({ lines: [], problems: [] });
  });

  it('a kept line accuses the log only where its own signature fits', () => {
    const forged = (lines[1] ?? '').replace('"seq":5', '"seq":9');
    const [good, bad] = readExported([file(textOf([lines[1] ?? '', forged]))]).lines;
    expect(good && checkLine(good)).toBeNull();
    expect(bad && checkLine(bad)).toMatchObject({ outcome: 'damaged', seq: 9, file: 'kept' });
  });
});
