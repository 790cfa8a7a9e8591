import { describe, expect, it } from 'vitest';
import {
  COLUMNS,
  gridTemplate,
  MAX_WIDTH,
  MIN_WIDTH,
  parseLayout,
  shownColumns,
  withHidden,
  withWidth,
} from '../../../../src/viewer/ui/list/columns.ts';

const PLAIN = { hidden: [], widths: {} };
const names = (...args: Parameters<typeof shownColumns>) =>
  shownColumns(...args).map(({ name }) => name);

describe('parseLayout()', () => {
  it('parseLayout() takes what was stored', () => {
    const stored = { hidden: ['port', 'took'], widths: { time: 200 } };
    expect(parseLayout(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
  });

  it.each([null, 7, 'x', [], {}, { hidden: 'port', widths: [] }, { hidden: [{}], widths: 'w' }])(
    'parseLayout() makes the plain layout of %j',
    (value) => expect(parseLayout(value)).toEqual(PLAIN),
  );

  it('parseLayout() leaves out what is no column and no width, and hides the address never', () => {
    const value = {
      hidden: ['url', 'nonsense', '__proto__', 'size'],
      widths: { time: -5, client: 1e9, url: 10, port: '60', status: Number.NaN, constructor: 5 },
    };
    expect(parseLayout(value)).toEqual({
      hidden: ['size'],
      widths: { time: MIN_WIDTH, client: MAX_WIDTH },
    });
  });
});

describe('the columns', () => {
  it('are all there at first, and fewer beside an open record', () => {
    expect(names(PLAIN, false)).toEqual(COLUMNS.map(({ name }) => name));
    expect(names(PLAIN, true)).toEqual(['time', 'class', 'method', 'url', 'status']);
    expect(names({ hidden: ['method'], widths: {} }, true)).not.toContain('method');
  });

  it('have the widths that were set, and the address takes the rest', () => {
    const of = withWidth(PLAIN, 'port', 99.6);
    const columns = COLUMNS.filter(({ name }) => name === 'url' || name === 'port');
    expect(gridTemplate(columns, of, false)).toBe('minmax(140px, 1fr) 100px');
  });

  it('hide once and come back', () => {
    const hidden = withHidden(withHidden(PLAIN, 'port', true), 'port', true);
    expect(hidden.hidden).toEqual(['port']);
    expect(withHidden(hidden, 'port', false)).toEqual(PLAIN);
  });
});
