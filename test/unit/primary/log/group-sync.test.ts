import { describe, expect, it } from 'vitest';
import { GroupSync } from '../../../../src/primary/log/group-sync.ts';
import { type Deferred, deferred } from '../../../support/deferred.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('GroupSync', () => {
  function start() {
    const syncs: Deferred<number[]>[] = [];
    const told: string[] = [];
    const sync = new GroupSync({
      sync() {
        const next = deferred<number[]>();
        syncs.push(next);
        return next.promise;
      },
      onSealed: (segments) => told.push(`sealed ${segments}`),
      onFailed: (error) => told.push(`failed ${error.message}`),
    });
    return { sync, syncs, told };
  }

  it('tells those who waited when the sync began, and takes the others with the next one', async () => {
    const { sync, syncs, told } = start();
    sync.now(() => told.push('a'));
    sync.now(() => told.push('b'));
    await turn();
    expect(syncs).toHaveLength(1);
    sync.now(() => told.push('c'));
    syncs[0]?.resolve([]);
    await expect.poll(() => told).toEqual(['a', 'b']);
    expect(syncs).toHaveLength(2);
    syncs[1]?.resolve([3, 4]);
    await expect.poll(() => told).toEqual(['a', 'b', 'c', 'sealed 3,4']);
  });

  it('writes within a second what nobody waits for', async () => {
    const { sync, syncs } = start();
    sync.soon();
    sync.soon();
    expect(syncs).toHaveLength(0);
    await expect.poll(() => syncs.length, { timeout: 2000 }).toBe(1);
    syncs[0]?.resolve([]);
    await sync.close();
  });

  it('a sync that failed is the end: nobody who waited is told that it is on the disk', async () => {
    const { sync, syncs, told } = start();
    sync.now(() => told.push('a'));
    await turn();
    syncs[0]?.reject(new Error('EIO'));
    await expect.poll(() => told).toEqual(['failed EIO']);
    sync.now(() => told.push('b'));
    await sync.close();
    expect([told, syncs.length]).toEqual([['failed EIO'], 1]);
  });

  it('close() waits for what is under way, and begins nothing more', async () => {
    const { sync, syncs, told } = start();
    sync.now(() => told.push('a'));
    await turn();
    const closed = sync.close();
    syncs[0]?.resolve([]);
    await closed;
    expect(told).toEqual(['a']);
    sync.now(() => told.push('b'));
    await turn();
    expect(syncs).toHaveLength(1);
  });
});
