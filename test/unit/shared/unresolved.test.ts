import { describe, expect, it } from 'vitest';
import { type AddressContext, parseCidrPort } from '../../../src/shared/address.ts';
import { parseAuthority } from '../../../src/shared/host.ts';
import { judgeUnresolved } from '../../../src/shared/unresolved.ts';
import { good } from '../../support/good.ts';

const CLOSED: AddressContext = {
  network: { allowPrivate: [], deny: [good(parseCidrPort('203.0.113.0/24'))], nat64: [] },
  privateRule: false,
  literalRule: false,
  listeners: [{ address: '0.0.0.0', port: 8080 }],
  ownAddresses: new Set(['10.9.9.9']),
};
const OPENED = {
  ...CLOSED,
  network: { ...CLOSED.network, allowPrivate: [good(parseCidrPort('127.0.0.1:5432'))] },
};
const judged = (authority: string, ctx = CLOSED) =>
  judgeUnresolved(good(parseAuthority(authority, null)), ctx);

// Invariant: a target that is not resolved is judged all the same: never this host by any spelling.
describe('judgeUnresolved()', () => {
  it.each([
    ['api.test:443', 'ok'],
    ['93.184.216.34:443', 'ok'],
    ['localhost.example.com:443', 'ok'],
    ['mylocalhost.test:443', 'ok'],
    ['local.test:443', 'ok'],
    ['10.0.0.5:443', 'address_not_allowed'],
    ['169.254.169.254:80', 'address_not_allowed'],
    ['[::1]:443', 'address_not_allowed'],
    ['[::ffff:10.0.0.5]:443', 'address_not_allowed'],
    ['2130706433:443', 'address_not_allowed'],
    ['203.0.113.7:443', 'address_not_allowed'],
    ['10.9.9.9:443', 'address_not_allowed'],
    ['10.9.9.9:8080', 'self_connection'],
    ['127.0.0.1:8080', 'self_connection'],
    ['localhost:443', 'address_not_allowed'],
    ['LocalHost.:443', 'address_not_allowed'],
    ['a.b.localhost:443', 'address_not_allowed'],
    ['localhost.localdomain:443', 'address_not_allowed'],
    ['localhost6.localdomain6:443', 'address_not_allowed'],
    ['ip6-localhost:443', 'address_not_allowed'],
    ['ip6-loopback:443', 'address_not_allowed'],
    ['localhost:8080', 'self_connection'],
    ['a.localhost:8080', 'self_connection'],
    ['intranet:443', 'address_not_allowed'],
    ['printer.local:443', 'address_not_allowed'],
    ['nas.home.arpa:443', 'address_not_allowed'],
    ['metadata.google.internal:80', 'address_not_allowed'],
    ['host.localdomain:443', 'address_not_allowed'],
  ])('judgeUnresolved() of %s is %s', (authority, verdict) => {
    expect(judged(authority)).toBe(verdict);
  });

  it('a rule that says `private: true` opens private names and addresses, and no loopback', () => {
    const ctx = { ...CLOSED, privateRule: true };
    const open = ['intranet:443', 'metadata.google.internal:80', '10.0.0.5:443'];
    expect(open.map((authority) => judged(authority, ctx))).toEqual(open.map(() => 'ok'));
    const closed = ['localhost:443', 'a.localhost:443', '127.0.0.1:443', '169.254.169.254:80'];
    expect(closed.map((authority) => judged(authority, ctx))).toEqual(
      closed.map(() => 'address_not_allowed'),
    );
  });

  it('`allow_private` of the loopback address opens its names, on that port', () => {
    const targets = ['localhost:5432', '127.0.0.1:5432', 'localhost:5433', 'intranet:5432'];
    expect(targets.map((authority) => judged(authority, OPENED))).toEqual([
      'ok',
      'ok',
      'address_not_allowed',
      'address_not_allowed',
    ]);
  });
});
