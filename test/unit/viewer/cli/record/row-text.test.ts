import { describe, expect, it } from 'vitest';
import { painter } from '../../../../../src/viewer/cli/paint.ts';
import { rowText, timeText } from '../../../../../src/viewer/cli/record/row-text.ts';
import { EMPTY_ROW, type Row } from '../../../../../src/viewer/store/row.ts';

const plain = painter({ env: {} });
const ROW: Row = {
  ...EMPTY_ROW,
  id: '3-1-204',
  ts: 1_769_853_600.5,
  event: 'allowed',
  class: 'allowed',
  client: '10.0.0.7',
  agent: 'ci',
  host: 'api.test',
  port: 443,
  method: 'GET',
  url: 'https://api.test/v1',
  status: 200,
  bytes: 1536,
  duration_ms: 38.2,
};
const text = (row: Partial<Row>, columns: number | null = null) =>
  rowText({ ...ROW, ...row }, { paint: plain, columns });

describe('rowText()', () => {
  it('stands in columns', () => {
    expect(text({})).toBe(
      '2026-01-31T10:00:00Z 3-1-204      allowed     ci                 200  1.5K   38ms GET     https://api.test/v1',
    );
    expect(text({ class: 'blocked', status: null, bytes: 0, reason: 'not_in_allowlist' })).toBe(
      '2026-01-31T10:00:00Z 3-1-204      BLOCKED     ci                             38ms GET     https://api.test/v1  not_in_allowlist',
    );
  });

  it.each<[Partial<Row>, string]>([
    [{ url: '/old' }, 'api.test:443/old'],
    [{ url: '', host: '::1', port: 8443 }, '[::1]:8443'],
    [
      { host: '', client: '', event: 'mode_change', summary: 'from a to b' },
      'mode change  from a to b',
    ],
    [{ class: 'error', reason: 'dns: none' }, 'https://api.test/v1  dns: none'],
    [{ class: 'allowed', reason: 'rule' }, 'https://api.test/v1'],
    [{ url: `https://a/${'x'.repeat(9000)}` }, `https://a/${'x'.repeat(3990)}`],
  ])('%j', (row, end) => expect(text(row).endsWith(`GET     ${end}`)).toBe(true));

  it.each<[number, string]>([
    [0, '    0'],
    [999, '  999'],
    [1000, ' 1.0K'],
    [10 * 1024 ** 2, '  10M'],
    [5 * 1024 ** 4, ' 5.0T'],
  ])('%i bytes: %j', (bytes, shown) => expect(text({ bytes })).toContain(` 200 ${shown} `));

  it.each<[number | null, string]>([
    [null, '       GET'],
    [999.4, ' 999ms GET'],
    [1200, '  1.2s GET'],
    [600_000, '  600s GET'],
  ])('%j ms: %j', (duration_ms, shown) => expect(text({ duration_ms })).toContain(shown));

  it.each([40, 80, 119, 120, 200])('fits %i columns', (columns) => {
    const long = {
      url: `https://a.test/${'漢'.repeat(100)}`,
      agent: 'é'.repeat(60),
      id: '大'.repeat(30),
    };
    const shown = text(long, columns);
    const width = [...shown].reduce((sum, char) => sum + (/[漢大]/.test(char) ? 2 : 1), 0);
    expect(width).toBeLessThanOrEqual(Math.max(columns, 69));
    expect(shown.endsWith('…')).toBe(true);
  });

  it('shows the class in a colour and as a word, and makes all text safe', () => {
    const paint = painter({ env: {}, screen: { columns: 80 } });
    const hostile = '\x1b[31m\n\u202e';
    const shown = rowText(
      { ...ROW, id: hostile, agent: hostile, method: hostile, url: hostile, host: hostile },
      { paint, columns: null },
    );
    expect(shown.replace(/\x1b\[(2|32|0)m/g, '')).not.toMatch(/[\x1b\n\u202e]/);
    expect(shown).toContain('\x1b[32mallowed    \x1b[0m');
  });
});

describe('timeText()', () => {
  it('is UTC, and says where there is none', () => {
    expect(timeText(0)).toBe('1970-01-01T00:00:00Z');
    expect(timeText(0, false)).toBe('01-01 00:00:00');
    expect(timeText(Number.NaN).trim()).toBe('no time');
    expect(timeText(1e300)).toHaveLength(20);
  });
});
