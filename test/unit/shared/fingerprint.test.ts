import { describe, expect, it } from 'vitest';
import type { HeaderPairs } from '../../../src/shared/audit-event.ts';
import {
  fingerprint,
  fingerprintHeaders,
  fingerprintUrl,
} from '../../../src/shared/fingerprint.ts';

const KEY = Buffer.alloc(32, 7);
const OTHER = Buffer.alloc(32, 8);
const SECRET = 'sk-live-0123456789';

describe('fingerprint()', () => {
  it('is the same for the same secret and key, and another one for another', () => {
    expect(fingerprint(SECRET, KEY)).toMatch(/^hmac-sha256:[0-9a-f]{32}$/);
    expect(fingerprint(SECRET, KEY)).toBe(fingerprint(SECRET, KEY));
    expect(fingerprint(SECRET, OTHER)).not.toBe(fingerprint(SECRET, KEY));
    expect(fingerprint('sk-live-0123456780', KEY)).not.toBe(fingerprint(SECRET, KEY));
  });
});

describe('fingerprintHeaders()', () => {
  const hidden = fingerprint(SECRET, KEY);
  const shown = (headers: HeaderPairs) => fingerprintHeaders(headers, KEY);

  it('with fingerprints on, no byte of a credential header is in the record, and the same key is found in each', () => {
    const headers: HeaderPairs = [
      ['Host', 'api.test'],
      ['AUTHORIZATION', `Bearer ${SECRET}`],
      ['x-api-key', SECRET],
      ['X-Api-Key ', ` ${SECRET} `],
      ['Cookie', `session=${SECRET}; theme=dark`],
      ['Set-Cookie', `session=${SECRET}; Path=/; HttpOnly`],
      ['Authorization', SECRET],
      ['cookie', SECRET],
      ['cookie', `=${SECRET}`],
      ['Authorization', ''],
    ];
    const result = shown(headers);
    expect(JSON.stringify(result)).not.toContain(SECRET);
    expect(result.slice(0, 4)).toEqual([
      ['Host', 'api.test'],
      ['AUTHORIZATION', `Bearer ${hidden}`],
      ['x-api-key', hidden],
      ['X-Api-Key ', hidden],
    ]);
    expect(result[4]?.[1]).toBe(`session=${hidden}; theme=${fingerprint('dark', KEY)}`);
    expect(result[5]?.[1]).toBe(`session=${hidden}`);
    expect(result.slice(6, 8)).toEqual([
      ['Authorization', hidden],
      ['cookie', hidden],
    ]);
    expect(result[9]).toEqual(['Authorization', '']);
    expect(result.map(([name]) => name)).toEqual(headers.map(([name]) => name));
  });

  it('leaves other headers as they are, the very same pairs', () => {
    const pair = ['User-Agent', SECRET] as const;
    expect(shown([pair])[0]).toBe(pair);
  });

  it('takes bytes that are no ASCII', () => {
    expect(shown([['x-api-key', '\u00ff\u0000']])[0]?.[1]).toMatch(/^hmac-sha256:/);
  });
});

describe('fingerprintUrl()', () => {
  const hidden = fingerprint('u:pass', KEY);
  it.each([
    ['http://u:pass@a.test/x?y=@z', `http://${hidden}@a.test/x?y=@z`],
    ['u:pass@a.test:443', `${hidden}@a.test:443`],
    ['//u:pass@a.test/', `//${hidden}@a.test/`],
    ['http://a@b:u@c.test/', `http://${fingerprint('a@b:u', KEY)}@c.test/`],
    ['https://a.test/@name', 'https://a.test/@name'],
    ['/path/@x', '/path/@x'],
    ['a.test:443', 'a.test:443'],
    ['', ''],
  ])('%s → %s', (url, expected) => expect(fingerprintUrl(url, KEY)).toBe(expected));

  it('gives a header of thousands of cookies one fingerprint, which the record can hold', () => {
    const value = `${SECRET};`.repeat(5000);
    const [[, hidden = ''] = []] = fingerprintHeaders([['Cookie', value]], KEY);
    expect(hidden).toBe(fingerprint(value, KEY));
  });
});
