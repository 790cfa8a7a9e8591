import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../../../src/shared/policy.ts';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import {
  askOf,
  decideAgain,
  isOfAllowList,
  isRefusedOtherwise,
  sentPath,
} from '../../../../src/viewer/policy/recorded-ask.ts';
import { makeRow } from '../../../support/make-row.ts';

const refused = (reason: string) => makeRow({ class: 'blocked', event: 'blocked', reason });

describe('askOf()', () => {
  it.each([
    ['a request', makeRow({}), 'request'],
    ['one that failed later', makeRow({ class: 'error', event: 'error' }), 'request'],
    ['a tunnel', makeRow({ method: 'CONNECT', url: 'a.test:443' }), 'connect'],
    ['a tunnel nobody looks into', makeRow({ class: 'uninspected' }), 'tunnel'],
    ['one that a list refused', refused('not_in_allowlist'), 'request'],
    ['one whose address was refused', refused('address_not_allowed'), 'request'],
    ['one that was malformed', refused('malformed'), undefined],
    ['a message', makeRow({ event: 'websocket' }), undefined],
    ['a record of the machinery', makeRow({ class: 'event', event: 'start' }), undefined],
    ['one without a host', makeRow({ host: '' }), undefined],
    ['one without a port', makeRow({ port: null }), undefined],
    ['one without a URL', makeRow({ url: 'nowhere' }), undefined],
  ])('askOf() knows what was asked by %s', (_, row, stage) => {
    expect(askOf(row, 0)?.stage).toBe(stage);
  });

  it('askOf() gives the path in normal form, and an address as a target', () => {
    expect(askOf(makeRow({ url: 'https://a.test/a/../b?x=1' }), 0)).toMatchObject({ path: '/b' });
    const row = makeRow({ host: '2001:db8::1', url: 'https://[2001:db8::1]/' });
    expect(askOf(row, 0)?.target).toMatchObject({ host: '2001:db8::1', port: 443, isIp: true });
  });
});

describe('decideAgain()', () => {
  const judged = (list: string, row: ReturnType<typeof makeRow>) => {
    const { source } = joinPolicy({ mode: 'audit', 'enforce.yaml': `allow: ${list}\n` });
    const ask = askOf(row, 0);
    if (ask === null) throw new Error('wrong test');
    const { passes, reason } = decideAgain(compilePolicy(1, source), row, ask);
    return [passes, reason];
  };

  it('decideAgain() keeps an address closed that no entry opens', () => {
    const row = refused('address_not_allowed');
    expect(judged('[a.test]', row)).toEqual([false, 'address_not_allowed']);
    expect(judged('[{host: a.test, private: true}]', row)).toEqual([true, 'rule']);
    expect(judged('[]', makeRow({}))).toEqual([true, 'mode_audit']);
  });
});

describe('sentPath()', () => {
  it('sentPath() keeps what was sent, and is empty where there is none', () => {
    expect(sentPath('https://a.test/a/../b?x=1')).toBe('/a/../b?x=1');
    expect(sentPath('a.test:443')).toBe('');
  });
});

describe('isOfAllowList()', () => {
  it('isOfAllowList() and isRefusedOtherwise() tell three kinds of refusals apart', () => {
    const kinds = ['path_not_allowed', 'in_blocklist', 'address_not_allowed', 'malformed'].map(
      (reason) => [isOfAllowList(refused(reason)), isRefusedOtherwise(refused(reason))],
    );
    expect(kinds).toEqual([
      [true, false],
      [false, false],
      [false, false],
      [false, true],
    ]);
    expect(isOfAllowList(makeRow({ reason: 'path_not_allowed' }))).toBe(false);
  });
});
