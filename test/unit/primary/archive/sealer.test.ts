import { beforeEach, describe, expect, it } from 'vitest';
import { Sealer } from '../../../../src/primary/archive/sealer.ts';
import { type Deferred, deferred } from '../../../support/deferred.ts';

type Job = Deferred<'compressed' | 'damaged'> & { readonly path: string };

describe('Sealer', () => {
  let jobs: Job[];
  let told: string[];
  let sealer: Sealer;
  const paths = () => jobs.map(({ path }) => path);
  /** Waits for that many compressions to have begun, and gives the last one. */
  const begun = async (count: number): Promise<Job | undefined> => {
    await expect.poll(() => jobs.length).toBe(count);
    return jobs.at(-1);
  };

  beforeEach(() => {
    jobs = [];
    told = [];
    sealer = new Sealer({
      dir: '/logs',
      pool: {
        compress(path) {
          const job = { ...deferred<'compressed' | 'damaged'>(), path };
          jobs.push(job);
          return job.promise;
        },
      },
      onSealed: () => told.push('sealed'),
      onDamaged: (file) => told.push(`damaged ${file}`),
      onProblem: (problem) => told.push(`problem ${problem}`),
    });
  });

  it('takes one after the other, also what is added meanwhile', async () => {
    sealer.add(['1', '2']);
    await begun(1);
    sealer.add(['3']);
    jobs[0]?.resolve('compressed');
    (await begun(2))?.resolve('damaged');
    (await begun(3))?.resolve('compressed');
    await expect.poll(() => told).toEqual(['sealed', 'damaged 2', 'sealed']);
    expect(paths()).toEqual(['/logs/1', '/logs/2', '/logs/3']);
  });

  it('says what failed, and tries it again with the next one; what was deleted is forgotten', async () => {
    sealer.add(['1', '2']);
    (await begun(1))?.reject(new Error('no space'));
    (await begun(2))?.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }));
    await expect.poll(() => told).toEqual(['problem no space']);
    // The round has ended: what is added now begins another one.
    await new Promise((resolve) => setImmediate(resolve));
    sealer.add(['3']);
    (await begun(3))?.resolve('compressed');
    (await begun(4))?.resolve('compressed');
    await expect.poll(() => told.length).toBe(3);
    expect(paths().slice(2)).toEqual(['/logs/1', '/logs/3']);
  });

  it('begins nothing more when it is closed', async () => {
    sealer.add(['1', '2']);
    await begun(1);
    sealer.close();
    jobs[0]?.resolve('compressed');
    await expect.poll(() => told).toEqual(['sealed']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(paths()).toEqual(['/logs/1']);
  });
});
