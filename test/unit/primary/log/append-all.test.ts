import { describe, expect, it } from 'vitest';
import { appendAll, SLICE_BYTES } from '../../../../src/primary/log/append-all.ts';
import { MAX_WAITING_BYTES } from '../../../../src/primary/log/record-queue.ts';
import { parseConfig } from '../../../../src/shared/config.ts';
import { MAX_KEY_BYTES } from '../../../../src/shared/ipc.ts';

/** A log that writes all that waits once a turn, and remembers how much that was. */
function slowLog() {
  let waiting: { bytes: number; onWritten: (() => void) | undefined }[] = [];
  const log = {
    ids: [] as string[],
    most: 0,
    append(_event: string, id: string, members: string, onWritten?: () => void) {
      log.ids.push(id);
      if (waiting.push({ bytes: Buffer.byteLength(members), onWritten }) === 1) {
        setImmediate(() => {
          const written = waiting;
          waiting = [];
          log.most = Math.max(
            log.most,
            written.reduce((sum, { bytes }) => sum + bytes, 0),
          );
          for (const each of written) each.onWritten?.();
        });
      }
    },
  };
  return log;
}

const records = (count: number, members: string) =>
  Array.from({ length: count }, (_, n) => ({ id: `1-1-${n + 1}`, members }));

describe('appendAll()', () => {
  it('puts no more into the queue than a slice and one record, however long the records are', async () => {
    // Two bytes each, of which JavaScript counts one.
    for (const [count, chars] of [
      [3000, 40_000],
      [20_000, 100],
    ] as const) {
      const log = slowLog();
      await appendAll(log, 'error', records(count, `"url":"${'é'.repeat(chars)}"`));
      expect(log.ids).toEqual(records(count, '').map(({ id }) => id));
      expect(log.most).toBeLessThan(SLICE_BYTES + 2 * chars + 10);
      expect(log.most).toBeGreaterThan(SLICE_BYTES / 4);
    }
  });

  it('has room in the queue for the slices of all workers that there can be', () => {
    const most = (workers: string) => parseConfig({ LEASH_WORKERS: workers }, { workers: 1 });
    expect('problem' in most('256')).toBe(false);
    expect('problem' in most('257')).toBe(true);
    // Reading pauses where the queue is half full of other records.
    expect(256 * (SLICE_BYTES + 2 * MAX_KEY_BYTES)).toBeLessThan(MAX_WAITING_BYTES / 2);
  });

  it('is done with nothing at once', async () => {
    const log = slowLog();
    await appendAll(log, 'error', []);
    expect(log.ids).toEqual([]);
  });
});
