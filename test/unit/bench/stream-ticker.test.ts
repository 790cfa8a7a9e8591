import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamTicker } from '../../../bench/openloop/stream-ticker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('StreamTicker', () => {
  it('gives each stream 20 events a second, and its end after the last', async () => {
    const ticker = new StreamTicker();
    const short = sink();
    const long = sink();
    ticker.add(short, 10);
    ticker.add(long, 1000);
    vi.advanceTimersByTime(2000);
    expect(short).toMatchObject({ ended: 1 });
    expect(short.texts).toHaveLength(10);
    expect(long.texts.length).toBeGreaterThanOrEqual(39);
    expect(long.texts.length).toBeLessThanOrEqual(41);
    expect(ticker.events).toBe(short.texts.length + long.texts.length);
    const ended = ticker.endAll();
    await vi.advanceTimersByTimeAsync(2000);
    await ended;
    expect(long.ended).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('spreads streams over the 50 ms, so that none of 50 comes with another', () => {
    const ticker = new StreamTicker();
    const streams = Array.from({ length: 50 }, sink);
    for (const stream of streams) ticker.add(stream, 5);
    for (let ms = 0; ms < 100; ms += 1) {
      const before = ticker.events;
      vi.advanceTimersByTime(1);
      expect(ticker.events - before).toBeLessThanOrEqual(2);
    }
    expect(streams.every(({ texts }) => texts.length >= 1)).toBe(true);
    void ticker.endAll();
  });

  it('forgets a stream that is removed, and cuts off one that reads nothing', () => {
    const ticker = new StreamTicker();
    const gone = sink();
    const stuck = { ...sink(), writableLength: 2 ** 24 };
    ticker.add(gone, 100)();
    const remove = ticker.add(stuck, 100);
    vi.advanceTimersByTime(200);
    expect(gone.texts).toEqual([]);
    expect(stuck.destroyed).toBeGreaterThan(0);
    expect(stuck.texts).toEqual([]);
    remove();
    vi.advanceTimersByTime(200);
    expect(vi.getTimerCount()).toBe(0);
  });
});

function sink() {
  const made = {
    texts: [] as string[],
    ended: 0,
    destroyed: 0,
    writableLength: 0,
    write(text: string) {
      this.texts.push(text);
      return true;
    },
    end() {
      this.ended += 1;
    },
    destroy() {
      this.destroyed += 1;
    },
  };
  return made;
}
