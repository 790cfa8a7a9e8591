import { describe, expect, it } from 'vitest';
import {
  type ClientFacts,
  checkAgentNetworks,
  checkClients,
  checkViewerReach,
} from '../../../../../src/viewer/cli/doctor/client-checks.ts';

const FACTS: ClientFacts = {
  seen: [
    { address: '10.1.0.7', requests: 30 },
    { address: '10.1.0.8', requests: 2 },
  ],
  ownAddresses: ['10.89.0.5'],
  networks: ['10.1.0.0/16'],
  viewerBind: '10.2.0.1',
  token: 'made',
};
const only = (address: string, requests = 50) => ({ seen: [{ address, requests }] });

describe('checkClients()', () => {
  it.each<[Partial<ClientFacts>, string, RegExp]>([
    [{}, 'ok', /2 clients in the last 32 requests/],
    [only('10.88.0.1'), 'warn', /gateway of a container network/],
    [only('10.0.2.100'), 'warn', /gateway/],
    [only('fd00::1'), 'warn', /gateway/],
    [only('127.0.0.1'), 'warn', /forwarder/],
    [only('10.89.0.5'), 'warn', /forwarder/],
    [only('10.88.0.1', 3), 'ok', /one client/],
    [only('10.88.0.17'), 'ok', /one client, 10\.88\.0\.17/],
    [only('203.0.113.1'), 'ok', /one client/],
    [{ seen: [] }, 'unknown', /no request/],
    [{ seen: null }, 'unknown', /log/],
  ])('%j: %s', (changes, outcome, what) => {
    expect(checkClients({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkAgentNetworks()', () => {
  it.each<[Partial<ClientFacts>, string, RegExp]>([
    [{}, 'ok', /1 network, with all 2/],
    [{ seen: null }, 'ok', /1 network$/],
    [only('127.0.0.1'), 'ok', /1 network/],
    [only('10.9.0.1'), 'warn', /^10\.9\.0\.1 uses the proxy/],
    [{ networks: ['10.9.0.0/16'] }, 'warn', /^10\.1\.0\.7 and 10\.1\.0\.8 use the proxy/],
    [{ networks: [] }, 'warn', /is empty/],
    [{ networks: null }, 'fail', /cannot be read/],
  ])('%j: %s', (changes, outcome, what) => {
    expect(checkAgentNetworks({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkViewerReach()', () => {
  it.each<[Partial<ClientFacts>, string, RegExp]>([
    [{}, 'ok', /refused by their address/],
    [{ viewerBind: '::', networks: [] }, 'warn', /token alone/],
    [{ networks: null }, 'warn', /token alone/],
    [only('10.9.0.1'), 'warn', /token alone/],
    [{ token: 'off' }, 'warn', /token is off/],
    [{ token: 'off', networks: [] }, 'fail', /token is off/],
    [{ token: 'off', ...only('10.9.0.1') }, 'fail', /an agent may read/],
    [{ viewerBind: '127.0.0.1' }, 'ok', /only/],
    [{ viewerBind: '127.0.0.1', ...only('127.0.0.1') }, 'warn', /without a token/],
    [{ viewerBind: '::1', token: 'set', ...only('::1') }, 'ok', /wants its token/],
    [{ viewerBind: null, token: 'off' }, 'ok', /off/],
  ])('%j: %s', (changes, outcome, what) => {
    expect(checkViewerReach({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});
