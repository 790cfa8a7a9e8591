// Which connection to an upstream may serve whom, and what becomes of one that nobody waits for.

import { once } from 'node:events';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Host, parseAuthority, type Target } from '../../src/shared/host.ts';
import { createUpstream, type Route, type Upstream } from '../../src/worker/upstream/upstream.ts';
import type { UpstreamAnswer } from '../../src/worker/upstream/upstream-stream.ts';
import { deferred } from '../support/deferred.ts';
import { good } from '../support/good.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';

let origin: Origin;
let upstream: Upstream;
let route: Route;

beforeAll(async () => {
  origin = await startOrigin();
  upstream = createUpstream({
    resolve: async () => ['127.0.0.1'],
    roots: createSecureContext(),
  });
  const cidr = { text: '127.0.0.1/32', bytes: [127, 0, 0, 1], bits: 32 };
  route = {
    owner: '10.0.0.1 ',
    scheme: 'http',
    target: good(parseAuthority(`pool.test:${origin.port}`, null)) as Target,
    policy: 1,
    addresses: {
      network: { allowPrivate: [{ cidr, port: null }], deny: [], nat64: [] },
      privateRule: false,
      literalRule: false,
      listeners: [],
      ownAddresses: new Set(),
    },
    hop: null,
  };
});
afterAll(async () => {
  upstream.close();
  await origin.close();
});

it('a pooled connection serves whom it was dialled for, by the right that it was dialled by', async () => {
  expect(upstream.pooled(route, false)).toBeNull();
  const abandoned = new AbortController().signal;
  const connection = await upstream.open(route, { abandoned, shared: false, http1Only: false });
  expect(connection).toMatchObject({ proto: 'h1', ip: '127.0.0.1', isOpened: true });
  const { promise, resolve, reject } = deferred<UpstreamAnswer>();
  connection.send(
    {
      method: 'GET',
      scheme: 'http',
      authority: 'pool.test',
      path: '/status/200',
      headers: ['Host', 'pool.test'],
      isWhole: true,
      idleMs: 5_000,
    },
    { onInformation() {}, onSwitch: null, onAnswer: resolve, onFailed: reject },
  );
  const { body } = await promise;
  body.resume();
  await once(body, 'end');
  await expect.poll(() => upstream.pooled(route, false)).toMatchObject({ isOpened: true });
  const { addresses } = route;
  const corp = { host: 'corp.test' as Host, port: 3128, isIp: false };
  const others: Route[] = [
    { ...route, owner: '10.0.0.2 ' },
    { ...route, owner: '10.0.0.1 builder' },
    { ...route, policy: 2 },
    { ...route, scheme: 'https' },
    { ...route, hop: { ...corp, authorization: null, hopToken: 'leash-x' } },
    { ...route, addresses: { ...addresses, privateRule: true } },
    { ...route, addresses: { ...addresses, literalRule: true } },
  ];
  expect(others.map((other) => upstream.pooled(other, false))).toEqual(others.map(() => null));
});

it('a connection is given up with the request that it is made for', async () => {
  const checked = await upstream.check(route);
  const before = origin.connections();
  const gone = new AbortController();
  gone.abort();
  await expect(upstream.connect(checked, gone.signal)).rejects.toThrow('connect: given up');
  expect(origin.connections()).toBe(before);
  const leaving = new AbortController();
  const connecting = upstream.connect(checked, leaving.signal);
  leaving.abort();
  await expect(connecting).rejects.toThrow('connect: given up');
  const staying = await upstream.connect(checked, new AbortController().signal);
  expect(staying.remotePort).toBe(origin.port);
  staying.destroy();
});
