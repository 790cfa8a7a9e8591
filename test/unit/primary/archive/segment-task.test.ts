import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  compressSegment,
  findOpenFlows,
  inspectSegment,
} from '../../../../src/primary/archive/segment-task.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { type Entry, writeLog } from '../../../support/write-log.ts';

describe('work on whole segments', () => {
  let temp: TempDir;
  const path = (name = 'egress.1.jsonl') => join(temp.path, name);
  const write = (entries: readonly Entry[], rotateBytes?: number) =>
    writeLog(path('egress.jsonl'), entries, rotateBytes);
  const inspect = (name?: string, published: readonly string[] = []) =>
    inspectSegment({ path: path(name), published });
  const stops = (count: number, reason = 'x'.repeat(5000)): Entry[] =>
    Array.from({ length: count }, () => ({ event: 'stop', reason }));

  beforeEach(async () => {
    temp = await tempDir();
  });
  afterEach(() => temp.close());

  describe('compressSegment()', () => {
    it('leaves members of 256 KiB that say the same, as old as what they are made of', async () => {
      await write(stops(200));
      const plain = readFileSync(path());
      utimesSync(path(), 1_600_000_000, 1_600_000_000);
      expect(compressSegment(path())).toBe('compressed');
      expect(readdirSync(temp.path).filter((name) => name.startsWith('egress.1'))).toEqual([
        'egress.1.jsonl.gz',
      ]);
      expect(gunzipSync(readFileSync(path('egress.1.jsonl.gz'))).equals(plain)).toBe(true);
      expect(statSync(path('egress.1.jsonl.gz')).mtimeMs).toBe(1_600_000_000_000);
      expect(inspect('egress.1.jsonl.gz')).toMatchObject({
        last: { seq: 202 },
        damage: null,
        tornBytes: 0,
      });
    });

    it('does not touch a segment that is damaged, or ends in half a line', async () => {
      await write(stops(20));
      const whole = readFileSync(path(), 'utf8');
      for (const text of [whole.replace('"stop"', '"stOp"'), `${whole}{"seq"`]) {
        writeFileSync(path(), text);
        expect(compressSegment(path())).toBe('damaged');
        expect(readFileSync(path(), 'utf8')).toBe(text);
        expect(readdirSync(temp.path).some((name) => name.endsWith('.gz'))).toBe(false);
      }
    });

    it('throws where the file is not there, and leaves nothing', () => {
      expect(() => compressSegment(path())).toThrow('ENOENT');
      expect(readdirSync(temp.path)).toEqual([]);
    });

    it('is told from what is whole when it was damaged later', async () => {
      await write(stops(200));
      compressSegment(path());
      const gz = readFileSync(path('egress.1.jsonl.gz'));
      // Members of 52 records each: the third one.
      gz[gz.length - 5000] = (gz[gz.length - 5000] ?? 0) ^ 1;
      writeFileSync(path('egress.1.jsonl.gz'), gz);
      const { damage, first } = inspect('egress.1.jsonl.gz');
      expect(first).toMatchObject({ seq: 0 });
      expect(damage?.seq).toBeGreaterThan(100);
    });

    it('takes the place of what a compression before it has left', async () => {
      await write(stops(20));
      writeFileSync(path('egress.1.jsonl.gz'), 'half');
      expect(compressSegment(path())).toBe('compressed');
      expect(existsSync(path())).toBe(false);
      expect(inspect('egress.1.jsonl.gz').damage).toBeNull();
    });
  });

  it('inspectSegment() names damage in what is compressed as in what is not', async () => {
    await write(stops(100));
    const damaged = readFileSync(path(), 'utf8').replace(/"seq":50,/, '"seq":51,');
    writeFileSync(path(), damaged);
    expect(inspect().damage).toMatchObject({ seq: 50 });
    writeFileSync(path('egress.2.jsonl.gz'), 'no gzip at all, but long enough for a header');
    expect(inspect('egress.2.jsonl.gz').damage).toMatchObject({ seq: 1, offset: 0 });
  });

  it('inspectSegment() holds the log against what was copied outside, and looks at each signature', async () => {
    await write(stops(30));
    const text = readFileSync(path(), 'utf8');
    const lines = text.split('\n');
    const signed = lines.find((line) => line.includes('"checkpoint"')) ?? '';
    const { seq } = JSON.parse(signed);
    expect(inspect(undefined, [signed]).damage).toBeNull();
    // Of another segment, older or newer: not for this one to say.
    expect(inspect(undefined, [signed.replace(/"seq":\d+/, '"seq":5000')]).damage).toBeNull();
    expect(inspect(undefined, [signed.replace('"ts":1', '"ts":2')]).damage).toMatchObject({ seq });
    expect(inspect(undefined, [signed.replace(/"seq":\d+/, '"seq":7')]).damage).toMatchObject({
      seq: 7,
    });
    writeFileSync(path(), text.replace(/"signature":"./, '"signature":"x'));
    expect(inspect().damage).toMatchObject({ seq });
  });

  it('inspectSegment() tells what was deleted, and where the line behind it goes on', async () => {
    const gone = {
      file: 'egress.1.jsonl',
      number: 1,
      first_seq: 1,
      last_seq: 9,
      last_hash: 'ab'.repeat(32),
      bytes: 5,
    };
    await write([{ event: 'segment_deleted', ...gone }]);
    expect(inspect().deleted).toEqual([{ seq: 9, prev: 'ab'.repeat(32) }]);
  });

  describe('findOpenFlows()', () => {
    const fill = (count: number): Entry[] =>
      Array.from({ length: count }, () => ({ event: 'policy_error', message: 'x'.repeat(5000) }));
    const intent = (id: string, url = 'https://a.test/'): Entry => ({
      event: 'intent',
      id,
      client: '10.0.0.1',
      host: 'a.test',
      port: 443,
      method: 'GET',
      url,
      rule: 'r',
    });
    const ends = (
      id: string,
      event: 'allowed' | 'connect_closed' | 'error' = 'allowed',
    ): Entry => ({
      event,
      id,
      client: '10.0.0.1',
      req_body: ',"id":"1-1-9"',
    });

    it('gives what began and did not end, with what says whose it was', async () => {
      await write([
        {
          event: 'connect_allowed',
          id: '1-1-1',
          client: '10.0.0.1',
          host: 'a.test',
          method: 'CONNECT',
        },
        intent('1-1-2', 'https://a.test/","id":"1-1-3"'),
        intent('1-2-7'),
        ends('1-2-7'),
        intent('1-1-9'),
        ends('1-1-1', 'connect_closed'),
      ]);
      expect(findOpenFlows([path()])).toEqual([
        {
          id: '1-1-2',
          members: String.raw`"client":"10.0.0.1","host":"a.test","port":443,"method":"GET","url":"https://a.test/\",\"id\":\"1-1-3\""`,
        },
        { id: '1-1-9', members: expect.stringContaining('"client":"10.0.0.1"') },
      ]);
    });

    it('keeps no more of who asked than fits into the line of its end, whatever stands there', async () => {
      const url = (chars: number) => `https://a.test/${'"'.repeat(chars - 15)}`;
      await write([
        {
          event: 'segment',
          open: [
            ...[null, 1, {}, { id: null }],
            { id: '1-1-1', event: 'intent', client: ['x'.repeat(9000)], host: 5, port: '443' },
            { id: '1-1-9', event: 'intent', client: '::1', port: 65_536 },
          ],
        },
        intent('1-1-2', url(1024)),
        intent('1-1-3', url(1025)),
        intent('1-1-4', url(100_000)),
      ]);
      const short = '"client":"10.0.0.1","host":"a.test","port":443,"method":"GET"';
      expect(findOpenFlows([path()])).toEqual([
        { id: '1-1-1', members: '' },
        { id: '1-1-9', members: '"client":"::1"' },
        { id: '1-1-2', members: `${short},"url":${JSON.stringify(url(1024))}` },
        { id: '1-1-3', members: short },
        { id: '1-1-4', members: short },
      ]);
    });

    it('says nothing of what was open before a clean stop, or before damage', async () => {
      const stop: Entry = { event: 'stop', id: '2-0-9', reason: 'x' };
      await write([intent('1-1-1'), intent('2-1-1'), stop, intent('3-1-1')]);
      // Of a run before, a stop says nothing: it may have come before anybody looked.
      expect(findOpenFlows([path()]).map(({ id }) => id)).toEqual(['1-1-1', '3-1-1']);
      const lines = readFileSync(path(), 'utf8').split('\n');
      writeFileSync(path(), lines.map((line, index) => (index === 2 ? 'x' : line)).join('\n'));
      expect(findOpenFlows([path()])).toEqual([]);
    });

    it('knows what was open before the first of the segments, and follows it through all', async () => {
      await write(
        [
          {
            event: 'segment',
            open: [
              { id: '1-1-5', event: 'intent', client: '::1' },
              { id: '1-1-6', event: 'intent', client: '::1' },
            ],
          },
          ...fill(300),
          ends('1-1-5'),
          intent('1-1-8'),
        ],
        1024 * 1024,
      );
      const [first, second] = [path('egress.1.jsonl'), path('egress.2.jsonl')];
      const found = () => findOpenFlows([existsSync(first) ? first : `${first}.gz`, second]);
      expect(found().map(({ id }) => id)).toEqual(['1-1-6', '1-1-8']);
      compressSegment(first);
      expect(found().map(({ id }) => id)).toEqual(['1-1-6', '1-1-8']);
      expect(found()[0]?.members).toBe('"client":"::1"');
    });
  });
});
