import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeBytes } from '../../../../src/viewer/decode/decode-task.ts';
import {
  decodeBody,
  joinCapture,
  MAX_SHOWN_BYTES,
  type Part,
  toPart,
} from '../../../../src/viewer/store/capture-join.ts';

function part(offset: number, text: string | Buffer): Part {
  return { offset, bytes: Buffer.from(text) };
}

describe('joinCapture()', () => {
  it('joinCapture() takes a short body from the record itself', () => {
    const record = {
      req_body: 'asked',
      req_bytes: 5,
      res_body: 'hällo',
      bytes: 60,
      res_sha256: 'ab',
      res_truncated: 'limit',
      res_decoded: 'gzip',
    };
    expect(joinCapture(record, 'res', [])).toEqual({
      text: 'hällo',
      encoding: 'utf8',
      captured_bytes: 6,
      shown_bytes: 6,
      wire_bytes: 60,
      sha256: 'ab',
      truncated: 'limit',
      decoded: 'gzip',
      decoded_bytes: 0,
      decoded_cut: false,
      missing_parts: 0,
    });
    expect(joinCapture(record, 'req', [])).toMatchObject({
      text: 'asked',
      wire_bytes: 5,
      sha256: '',
    });
  });

  it('joinCapture() is an empty body where the record has none', () => {
    expect(joinCapture({}, 'res', [])).toMatchObject({
      text: '',
      shown_bytes: 0,
      wire_bytes: null,
    });
  });

  it('joinCapture() decodes base64, and shows bytes that are no text as base64', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    const record = { res_body: bytes.toString('base64'), res_encoding: 'base64' };
    expect(joinCapture(record, 'res', [])).toMatchObject({
      text: bytes.toString('base64'),
      encoding: 'base64',
      captured_bytes: 3,
    });
    const text = { res_body: Buffer.from('plain').toString('base64'), res_encoding: 'base64' };
    expect(joinCapture(text, 'res', [])).toMatchObject({ text: 'plain', encoding: 'utf8' });
    expect(joinCapture({ res_body: 'a\0b' }, 'res', [])).toMatchObject({ encoding: 'base64' });
  });

  it('joinCapture() joins parts in the order of their offsets', () => {
    const parts = [part(5, 'cc'), part(0, 'aaa'), part(3, 'bb')];
    expect(joinCapture({ res_parts: 3 }, 'res', parts)).toMatchObject({
      text: 'aaabbcc',
      captured_bytes: 7,
      missing_parts: 0,
    });
  });

  it('joinCapture() joins a character that was cut between two parts', () => {
    const euro = Buffer.from('€');
    const parts = [part(0, euro.subarray(0, 1)), part(1, euro.subarray(1))];
    expect(joinCapture({ res_parts: 2 }, 'res', parts)).toMatchObject({ text: '€' });
    expect(joinCapture({ res_parts: 2 }, 'res', parts.slice(0, 1))).toMatchObject({
      encoding: 'utf8',
      missing_parts: 1,
    });
  });

  it.each([
    ['the first', [part(3, 'bb'), part(5, 'cc')], ''],
    ['the middle', [part(0, 'aaa'), part(5, 'cc')], 'aaa'],
    ['the last', [part(0, 'aaa'), part(3, 'bb')], 'aaabb'],
  ])('joinCapture() shows nothing behind a gap: %s part is missing', (_, parts, text) => {
    const body = joinCapture({ res_parts: 3 }, 'res', parts);
    expect(body).toMatchObject({ text, shown_bytes: text.length });
    expect(body.missing_parts).toBeGreaterThan(0);
  });

  it('joinCapture() shows what is there of a flow that has not ended', () => {
    expect(joinCapture({}, 'req', [part(0, 'so far')])).toMatchObject({
      text: 'so far',
      missing_parts: 0,
    });
  });

  it('joinCapture() says that all parts are missing when none was found', () => {
    expect(joinCapture({ req_parts: 4 }, 'req', [])).toMatchObject({ text: '', missing_parts: 4 });
  });

  it('joinCapture() shows four mebibytes and does not call the rest missing', () => {
    const half = Buffer.alloc(MAX_SHOWN_BYTES / 2 + 1, 'x');
    const parts = [part(0, half), part(half.length, half)];
    expect(joinCapture({ res_parts: 40 }, 'res', parts)).toMatchObject({
      shown_bytes: MAX_SHOWN_BYTES,
      captured_bytes: 2 * half.length,
      missing_parts: 0,
    });
  });

  it.each([
    [true, 'limit'],
    [false, ''],
    [undefined, ''],
    ['off', 'off'],
    [7, ''],
  ])(
    'joinCapture() reads the mark of a cut copy %j as %j, the original wrote true',
    (mark, truncated) => {
      expect(joinCapture({ res_truncated: mark }, 'res', []).truncated).toBe(truncated);
    },
  );

  it('joinCapture() believes no field that has the wrong type', () => {
    const wrong = { res_body: 7, res_parts: '9', bytes: 'x', res_sha256: {}, res_decoded: [] };
    expect(joinCapture(wrong, 'res', [])).toMatchObject({ text: '', wire_bytes: null, sha256: '' });
    expect(joinCapture({ res_parts: -1 }, 'res', []).missing_parts).toBe(0);
  });
});

describe('decodeBody()', () => {
  const coded = gzipSync('a text to read, '.repeat(1000));
  const record = (bytes: Buffer) => ({
    res_body: bytes.toString('base64'),
    res_encoding: 'base64',
    res_sha256: 'ab',
    bytes: bytes.length,
  });

  it('decodeBody() gives a text, and leaves what is said of the wire as it is', async () => {
    const body = joinCapture(record(coded), 'res', []);
    expect(await decodeBody(body, 'gzip', decodeBytes)).toEqual({
      ...body,
      text: 'a text to read, '.repeat(1000),
      encoding: 'utf8',
      decoded: 'gzip',
      decoded_bytes: 16_000,
    });
  });

  it('decodeBody() shows what there is of a copy that was cut', async () => {
    const body = await decodeBody(
      joinCapture(record(coded.subarray(0, 60)), 'res', []),
      'gzip',
      decodeBytes,
    );
    expect(body.text).toMatch(/^a text to read/);
    expect(body).toMatchObject({ encoding: 'utf8', decoded: 'gzip' });
  });

  it('decodeBody() leaves a body alone that is not coded as it says', async () => {
    for (const [bytes, coding] of [
      [coded, ''],
      [coded, 'zstd'],
      [Buffer.from('plain'), 'gzip'],
      [Buffer.alloc(0), 'gzip'],
    ] as const) {
      const body = joinCapture(record(bytes), 'res', []);
      expect(await decodeBody(body, coding, decodeBytes)).toEqual(body);
    }
    const undone = joinCapture({ res_body: 'plain', res_decoded: 'gzip' }, 'res', []);
    expect(await decodeBody(undone, 'gzip', decodeBytes)).toEqual(undone);
  });
});

describe('toPart()', () => {
  it('toPart() reads offset and bytes; the first part has no offset in the record', () => {
    expect(toPart({ body: 'a' })).toEqual(part(0, 'a'));
    expect(toPart({ offset: 3, body: 'YQ==', encoding: 'base64' })).toEqual(part(3, 'a'));
  });

  it('toPart() drops what would not be shown', () => {
    expect(toPart({ offset: MAX_SHOWN_BYTES, body: 'a' })).toBeNull();
    expect(toPart({ offset: -1, body: 'a' })).toBeNull();
    expect(toPart({ offset: MAX_SHOWN_BYTES - 1, body: 'a' })).not.toBeNull();
  });
});
