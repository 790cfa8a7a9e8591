import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { walkRows } from '../../../../src/viewer/search/walk-rows.ts';
import { emptyPage, type Finder } from '../../../../src/viewer/store/page.ts';
import { makeRow } from '../../../support/make-row.ts';

const COUNT = 60;
/** A log of one page, and a clock that each row moves. */
function walkOf(rowMs: number, budgetMs: number) {
  let clock = 0;
  const seen: number[] = [];
  const rows = Array.from({ length: COUNT }, (_, n) => makeRow({ at: `1:${COUNT - n}`, ts: n }));
  const deps = {
    now: () => clock,
    nowMs: () => clock,
    find: async () => ({ ...emptyPage([]), rows }),
  } as unknown as Finder;
  const onRow = ({ ts }: { ts: number }) => {
    clock += rowMs;
    return seen.push(ts) > 0;
  };
  return { seen, walked: walkRows(deps, { q: '', sinceS: null, budgetMs, onRow }) };
}

describe('walkRows()', () => {
  it('walkRows() gives others their turn after some milliseconds, whatever a row takes', async () => {
    const { seen, walked } = walkOf(5, 10_000);
    const atTurns: number[] = [];
    while (seen.length < COUNT) {
      await nextTurn();
      atTurns.push(seen.length);
    }
    const most = Math.max(...atTurns.map((count, at) => count - (atTurns[at - 1] ?? 0)));
    expect(most).toBeLessThanOrEqual(4);
    expect(await walked).toMatchObject({ complete: true, cursor: null });
  });

  it('walkRows() stops in a page when the time is up, and goes on from the row it came to', async () => {
    const { seen, walked } = walkOf(5, 50);
    const { complete, cursor, searchedBackTo } = await walked;
    expect(seen.length).toBeLessThan(COUNT);
    expect({ complete, cursor, searchedBackTo }).toEqual({
      complete: false,
      cursor: `1:${COUNT - (seen.at(-1) ?? 0)}`,
      searchedBackTo: seen.at(-1),
    });
  });
});
