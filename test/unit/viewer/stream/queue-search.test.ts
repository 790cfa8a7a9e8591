import { describe, expect, it } from 'vitest';
import { parseQuery, type Query } from '../../../../src/shared/query.ts';
import type { LogQuery } from '../../../../src/viewer/store/log-params.ts';
import { emptyPage, type Finder } from '../../../../src/viewer/store/page.ts';
import { type Row, toRow } from '../../../../src/viewer/store/row.ts';
import { compileJudge, mayOutliveEnd } from '../../../../src/viewer/stream/live-judge.ts';
import { NewsQueue } from '../../../../src/viewer/stream/news-queue.ts';
import { catchUp } from '../../../../src/viewer/stream/queue-search.ts';

const row = (event: string, place: number, id: string) => toRow({ event, id }, `1:${place}`) as Row;
const LATER = [row('allowed', 9, 'f3'), row('intent', 8, 'f5'), row('blocked', 7, 'f4')];

const asked = (q: string, after: LogQuery['after'] = { segment: 1, offset: 5 }): LogQuery => ({
  ...{ query: parseQuery(q) as Query, limit: 500, before: null, order: 'newest', after },
});

const GAP = { event: 'gap', data: { newest: '' } };

/** Finds what answers, which for an empty query is all; there is more for a query of so many terms. */
function finder(more: { readonly terms?: number } = {}) {
  const queries: LogQuery[] = [];
  return {
    queries,
    async find(query: LogQuery) {
      queries.push(query);
      const isAll = query.query.terms.length === 0;
      const rows = isAll ? LATER : LATER.filter((each) => each.class === 'running');
      return {
        ...emptyPage([]),
        rows: [...rows],
        newest: '1:9',
        more: query.query.terms.length === more.terms,
      };
    },
  };
}

async function caughtUp(query: LogQuery, search: Pick<Finder, 'find'>) {
  const queue = new NewsQueue(compileJudge(query.query, 0), '');
  await catchUp(queue, query, search as Finder, '1:9');
  return queue.take();
}

describe('catchUp()', () => {
  it('gives what came since, and names what ended, whether its end answers or not', async () => {
    const running = finder();
    expect(await caughtUp(asked('class:running'), running)).toMatchObject({
      event: 'rows',
      data: { rows: [{ id: 'f5' }], ended: ['f3', 'f4'], newest: '1:9' },
    });
    expect(running.queries.map(({ query }) => query.terms.length)).toEqual([1, 0]);
    const all = finder();
    expect(await caughtUp(asked(''), all)).toMatchObject({
      data: { rows: [{ id: 'f3' }, { id: 'f5' }, { id: 'f4' }], ended: [] },
    });
    expect(all.queries).toHaveLength(1);
  });

  it('tells of a gap where one look is not enough', async () => {
    const more = { terms: 1 };
    expect(await caughtUp(asked('class:blocked'), finder(more))).toEqual(GAP);
    expect(await caughtUp(asked('class:running'), finder(more))).toEqual(GAP);
    expect(await caughtUp(asked('class:running'), finder({ terms: 0 }))).toEqual(GAP);
    // Whose running row cannot be on the page need not be known.
    expect(await caughtUp(asked('class:blocked'), finder({ terms: 0 }))).not.toEqual(GAP);
  });

  it('searches nothing for who asks for what comes from now on', async () => {
    const search = finder();
    expect(await caughtUp(asked('', null), search)).toMatchObject({
      data: { rows: [], ended: [] },
    });
    expect(search.queries).toEqual([]);
  });
});

it.each([
  ['class:running', true],
  ['-class:allowed', true],
  ['-status:200 host:a.test', true],
  ['bytes:0', true],
  ['-word', true],
  ['', false],
  ['host:a.test word -method:GET since:1h', false],
  ['class:blocked', false],
  ['status:200', false],
  ['class:running status:200', false],
])('mayOutliveEnd() of "%s": %s', (text, may) => {
  expect(mayOutliveEnd(parseQuery(text) as Query)).toBe(may);
});
