import { describe, expect, it } from 'vitest';
import { ClientQuota, clientOf } from '../../../src/primary/client-quota.ts';
import { LIMITS } from '../../../src/shared/limits.ts';

const MINUTE = 60_000;

function start(bytesPerMinute = 1000) {
  const clock = { ms: 5_000_000 };
  return { clock, quota: new ClientQuota(bytesPerMinute, () => clock.ms) };
}

describe('ClientQuota', () => {
  it('lets a client begin until its share is used up, and again when some of it is back', () => {
    const { clock, quota } = start();
    expect(quota.mayBegin('a')).toBe(true);
    quota.charge('a', 999);
    expect(quota.mayBegin('a')).toBe(true);
    quota.charge('a', 1);
    expect(quota.mayBegin('a')).toBe(false);
    expect(quota.mayBegin('b')).toBe(true);
    clock.ms += MINUTE / 1000;
    expect(quota.mayBegin('a')).toBe(true);
  });

  it('has what runs paid for later', () => {
    const { clock, quota } = start();
    quota.charge('a', 3000);
    clock.ms += 2 * MINUTE;
    expect(quota.mayBegin('a')).toBe(false);
    clock.ms += 1;
    expect(quota.mayBegin('a')).toBe(true);
  });

  it('gives a minute at once, however long a client was silent, and takes no time back', () => {
    const { clock, quota } = start();
    quota.charge('a', 1);
    clock.ms += 100 * MINUTE;
    quota.charge('a', 0);
    expect(quota.mayBegin('a')).toBe(true);
    quota.charge('a', 1000);
    expect(quota.mayBegin('a')).toBe(false);
    clock.ms -= 10 * MINUTE;
    expect(quota.mayBegin('a')).toBe(false);
  });

  it('says how many were refused, once: when the share is back, or a minute has passed', () => {
    const { clock, quota } = start();
    quota.charge('a', 61_000);
    quota.countRefused('a');
    quota.countRefused('a');
    expect([...quota.sweep()]).toEqual([]);
    clock.ms += MINUTE;
    expect([...quota.sweep()]).toEqual([{ client: 'a', from: 5000, to: 5060, refused: 2 }]);
    expect([...quota.sweep()]).toEqual([]);
    quota.countRefused('a');
    expect([...quota.sweep(true)]).toMatchObject([{ client: 'a', refused: 1 }]);
  });

  it('forgets a client that is as if it had never been, and the oldest beyond the limit', () => {
    const { clock, quota } = start();
    quota.charge('a', 10);
    quota.countRefused('a');
    clock.ms += MINUTE;
    expect([...quota.sweep()]).toHaveLength(1);
    for (let n = 0; n < LIMITS.quotaClients; n += 1) quota.charge(`c${n}`, 5000);
    expect(quota.mayBegin('c0')).toBe(false);
    quota.charge('new', 5000);
    expect(quota.mayBegin('c0')).toBe(true);
    expect(quota.mayBegin('c1')).toBe(false);
  });
});

describe('clientOf()', () => {
  it.each([
    ['"client":"10.0.0.1","host":"x"', '10.0.0.1'],
    ['"tunnel":"1-2-3","client":"::1"', '::1'],
    ['"host":"\\"client\\":\\"10.0.0.9\\"","client":"10.0.0.1"', ''],
    ['', ''],
  ])('%s → %s', (members, client) => expect(clientOf(members)).toBe(client));
});
