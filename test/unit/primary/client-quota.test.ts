import { describe, expect, it } from 'vitest';
import { ClientQuota, shareIn } from '../../../src/primary/client-quota.ts';
import { LIMITS } from '../../../src/shared/limits.ts';

const MINUTE = 60_000;

function start(bytesPerMinute = 1000) {
  const clock = { ms: 5_000_000 };
  const cut: string[] = [];
  const onCut = (client: string, isCut: boolean) => cut.push(`${client} ${isCut}`);
  return { clock, cut, quota: new ClientQuota({ bytesPerMinute, now: () => clock.ms, onCut }) };
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

  it('has the bodies of a client cut that owes more than a minute, until it owes nothing', () => {
    const { clock, cut, quota } = start();
    quota.charge('a', 2000);
    expect(cut).toEqual([]);
    quota.charge('a', 1);
    quota.charge('a', 5000);
    expect(cut).toEqual(['a true']);
    expect([...quota.cut()]).toEqual(['a']);
    clock.ms += 6 * MINUTE;
    expect([...quota.sweep()]).toEqual([]);
    expect(cut).toHaveLength(1);
    clock.ms += MINUTE;
    expect([...quota.sweep()]).toEqual([]);
    expect(cut).toEqual(['a true', 'a false']);
    expect([...quota.cut()]).toEqual([]);
  });

  it('forgets a client that is as if it had never been', () => {
    const { clock, quota } = start();
    quota.charge('a', 10);
    quota.countRefused('a');
    clock.ms += MINUTE;
    expect([...quota.sweep()]).toHaveLength(1);
    quota.charge('b', 5000);
    expect([...quota.sweep()]).toEqual([]);
    expect(quota.mayBegin('a')).toBe(true);
  });

  it('gives all clients beyond the limit one share, and forgets no debt', () => {
    const { quota } = start();
    for (let n = 0; n < LIMITS.quotaClients; n += 1) quota.charge(`c${n}`, 5000);
    expect(quota.mayBegin('new')).toBe(true);
    quota.charge('new', 1000);
    expect(quota.mayBegin('other')).toBe(false);
    expect(quota.mayBegin('c0')).toBe(false);
    quota.countRefused('new');
    expect([...quota.sweep(true)]).toMatchObject([{ client: 'others', refused: 1 }]);
  });
});

describe('shareIn()', () => {
  it.each([
    ['"client":"10.0.0.1","host":"x"', '10.0.0.1'],
    ['"tunnel":"1-2-3","client":"::1"', '::/64'],
    ['"host":"\\"client\\":\\"10.0.0.9\\"","client":"10.0.0.1"', ''],
    ['', ''],
  ])('%s → %s', (members, client) => expect(shareIn(members)).toBe(client));
});
