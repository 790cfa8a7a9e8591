import { describe, expect, it } from 'vitest';
import { isInternetHost } from '../../../../src/viewer/store/internet-host.ts';

describe('isInternetHost()', () => {
  it.each(['example.com', 'intranet', '1.1.1.1', '[2606:4700::1111]', '2606:4700::1111', 'x'])(
    'isInternetHost() says yes to %s',
    (host) => expect(isInternetHost(host)).toBe(true),
  );

  it.each([
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '::1',
    '[::1]',
    '[::ffff:10.0.0.1]',
    'fd00::1',
    'fe80::1',
  ])('isInternetHost() says no to %s', (host) => expect(isInternetHost(host)).toBe(false));
});
