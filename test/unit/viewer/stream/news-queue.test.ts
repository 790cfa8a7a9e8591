import { describe, expect, it } from 'vitest';
import { parseQuery, type Query } from '../../../../src/shared/query.ts';
import type { TailRow } from '../../../../src/viewer/store/log-tail.ts';
import { type Row, toRow } from '../../../../src/viewer/store/row.ts';
import { compileJudge } from '../../../../src/viewer/stream/live-judge.ts';
import {
  MAX_EVENT_ROWS,
  MAX_WAITING,
  NewsQueue,
} from '../../../../src/viewer/stream/news-queue.ts';

const tailRow = (place: number, event = 'allowed', host = 'a.test'): TailRow => {
  const record = { event, id: `f${place}`, host };
  return { row: toRow(record, `1:${place}`) as Row, record };
};
const news = (from: number, count: number, lost = false) => ({
  rows: Array.from({ length: count }, (_, n) => tailRow(from + n)),
  newest: `1:${from + count - 1}`,
  lost,
});
const queueFor = (q = '') => new NewsQueue(compileJudge(parseQuery(q) as Query, 0), '1:0');
const rowsIn = (event: ReturnType<NewsQueue['take']>) =>
  event?.event === 'rows' ? event.data.rows.map(({ at }) => Number(at.slice(2))) : event?.event;

describe('NewsQueue', () => {
  it('gives rows in events of a bounded size, the newest of each first, and a place to come back to', () => {
    const queue = queueFor();
    queue.push(news(1, MAX_EVENT_ROWS + 2));
    const first = queue.take();
    expect(rowsIn(first)).toEqual(Array.from({ length: 200 }, (_, n) => 200 - n));
    expect(first?.data.newest).toBe('1:200');
    const second = queue.take();
    expect(rowsIn(second)).toEqual([202, 201]);
    expect(second?.data.newest).toBe('1:202');
    expect(queue.take()).toBeNull();
  });

  it('Invariant: what does not fit is never left out silently: a gap is told, and then what comes later', () => {
    const queue = queueFor();
    queue.push(news(1, MAX_WAITING));
    queue.push(news(2001, 1));
    queue.push(news(2002, 5));
    expect(queue.take()).toEqual({ event: 'gap', data: { newest: '1:2006' } });
    expect(queue.take()).toBeNull();
    queue.push(news(3000, 1));
    expect(rowsIn(queue.take())).toEqual([3000]);
    queue.push(news(3001, 1, true));
    expect(rowsIn(queue.take())).toBe('gap');
  });

  it('names the flows that ended and do not answer the query, within the same bound', () => {
    const queue = queueFor('host:b.test');
    queue.push({
      rows: [tailRow(1), tailRow(2, 'intent'), tailRow(3, 'websocket')],
      newest: '1:3',
      lost: false,
    });
    expect(queue.take()?.data).toEqual({ rows: [], ended: ['f1'], newest: '1:3' });
    queue.push(news(10, MAX_WAITING + 1));
    expect(rowsIn(queue.take())).toBe('gap');
  });

  it('names a flow that ended behind its running row, however many events that takes', () => {
    const queue = queueFor('class:running');
    const rows = Array.from({ length: MAX_EVENT_ROWS + 1 }, (_, n) => tailRow(n + 1, 'intent'));
    queue.push({ rows, newest: '1:201', lost: false });
    const end = { event: 'allowed', id: 'f201', host: 'a.test' };
    const row = toRow(end, '1:300') as Row;
    queue.push({ rows: [{ row, record: end }], newest: '1:300', lost: false });
    expect(queue.take()?.data).toMatchObject({ ended: [] });
    const last = queue.take();
    expect(rowsIn(last)).toEqual([201]);
    expect(last?.data).toMatchObject({ ended: ['f201'] });
    expect(queue.take()).toBeNull();
  });

  it('is silent about what does not concern the query', () => {
    const queue = queueFor('host:b.test');
    queue.push({ rows: [tailRow(2, 'intent')], newest: '1:2', lost: false });
    expect(queue.take()).toBeNull();
  });

  it('puts what a search found in front, each row once', () => {
    const queue = queueFor();
    queue.push(news(5, 3));
    queue.putInFront(
      [6, 5, 4].map((place) => tailRow(place).row),
      '1:6',
    );
    expect(rowsIn(queue.take())).toEqual([7, 6, 5, 4]);
  });

  it('tells of no row again that a search found before it came by itself, and says how far it is', () => {
    const queue = queueFor();
    queue.putInFront([tailRow(2).row, tailRow(1).row], '1:3');
    expect(queue.take()?.data).toMatchObject({ newest: '1:3' });
    queue.push(news(1, 2));
    expect(queue.take()?.data).toMatchObject({ rows: [], ended: ['f1', 'f2'], newest: '1:3' });
    queue.push(news(3, 2));
    expect(rowsIn(queue.take())).toEqual([4]);
  });

  it('waits for a search where other records decide, and keeps the order', () => {
    const queue = queueFor('body:needle');
    const inParts = (place: number, id: string): TailRow => {
      const record = { event: 'allowed', id, req_parts: 2 };
      return { row: toRow(record, `1:${place}`) as Row, record };
    };
    const whole = (place: number) => {
      const record = { event: 'allowed', id: `f${place}`, res_body: 'a needle' };
      return { row: toRow(record, `1:${place}`) as Row, record };
    };
    const [hit, miss, late] = [inParts(5, 'hit'), inParts(6, 'miss'), inParts(9, 'late')];
    queue.push({ rows: [whole(4), hit, miss, whole(7)], newest: '1:7', lost: false });
    expect(queue.unsettled).toEqual({ segment: 1, offset: 3 });
    queue.push({ rows: [late], newest: '1:9', lost: false });
    queue.settle([whole(7).row, hit.row, whole(4).row], '1:8');
    expect(queue.unsettled).toEqual({ segment: 1, offset: 3 });
    queue.settle([late.row, whole(7).row, hit.row, whole(4).row], '1:9');
    expect(queue.unsettled).toBeNull();
    const event = queue.take();
    expect(rowsIn(event)).toEqual([9, 7, 5, 4]);
    expect(event?.data).toMatchObject({ ended: ['miss'], newest: '1:9' });
    queue.push({ rows: [inParts(12, 'unread')], newest: '1:12', lost: false });
    queue.settle([], null);
    expect(rowsIn(queue.take())).toBe('gap');
    expect(queue.unsettled).toBeNull();
  });
});
