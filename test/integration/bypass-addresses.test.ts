// What a name leads to: no address that the policy does not open is ever connected to, in any mode, by
// any road; and a name that is denied is not even looked up.

import diagnostics from 'node:diagnostics_channel';
import { Agent, request as httpRequest } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Mode } from '../../src/shared/policy-source.ts';
import { networkOf, ruleFor } from '../support/policy-ask.ts';
import { type Dns, startDns } from '../support/start-dns.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

/** One line a kind: RFC 6890's registries, cloud metadata, IPv4 inside IPv6 in every form. */
const DENIED = `
  10.0.0.1 10.255.255.254 172.16.0.1 172.31.255.254 192.168.0.1 192.168.255.254
  127.0.0.2 127.255.255.254 0.0.0.0 0.1.2.3
  169.254.0.1 169.254.169.254 169.254.170.2 169.254.170.23
  100.64.0.1 100.127.255.254 100.100.100.200 168.63.129.16 192.0.0.192
  224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
  192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 198.19.255.255 192.0.0.8 192.88.99.1
  ::1 :: fe80::1 febf::1 fc00::1 fdff::1 fd00:ec2::254 fd20:ce::254 ff02::1 ff0e::1
  ::ffff:10.0.0.1 ::ffff:a00:1 ::ffff:127.0.0.1 ::ffff:169.254.169.254
  ::10.0.0.1 ::7f00:1 ::a9fe:a9fe ::ffff:0:10.0.0.1
  64:ff9b::10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
  2002:a00:1:: 2002:7f00:1::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001::1
  2001:db8::1 3fff::1 2001:2::1 2001:10::1 fec0::1 4000::1 100::1
  fe80::5efe:10.0.0.1 2606::5efe:7f00:1
`
  .trim()
  .split(/\s+/);
const MODES: readonly Mode[] = ['enforce', 'audit', 'blocklist'];
const nameOf = (index: number) => `n${index}.test`;

let dns: Dns;
let proxy: TestProxy;
/** Connections that this process began, the clients of the test included. */
let begun = 0;
const count = () => {
  begun += 1;
};

beforeAll(async () => {
  diagnostics.subscribe('net.client.socket', count);
  const names = DENIED.map((address, index) => [nameOf(index), [groupsOf(address)]] as const);
  dns = await startDns({ ...Object.fromEntries(names), '*.wild.test': ['10.0.0.1'] });
  proxy = await startProxy({ env: { LEASH_DNS: dns.address } });
});
afterAll(async () => {
  diagnostics.unsubscribe('net.client.socket', count);
  await proxy.close();
  await dns.close();
});
beforeEach(async () => {
  await proxy.forget();
  dns.queries.length = 0;
});

/** The stub writes addresses without a dotted tail. */
function groupsOf(address: string): string {
  const tail = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (tail === null) return address;
  const [a = 0, b = 0, c = 0, d = 0] = tail.slice(2).map(Number);
  return `${tail[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** One request over kept connections of the test's own: status and reason. */
function ask(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { host } = new URL(url);
    const options = { agent, host: '127.0.0.1', port: proxy.port, path: url, headers: { host } };
    const sent = httpRequest(options, (response) => {
      const reason = /reason=([^;]+)/.exec(String(response.headers['x-leash']))?.[1] ?? '';
      response.resume().once('end', () => resolve(`${response.statusCode} ${reason}`));
    });
    sent.once('error', reject);
    sent.end();
  });
}

async function withAgent<T>(work: (agent: Agent) => Promise<T>): Promise<T> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  try {
    return await work(agent);
  } finally {
    agent.destroy();
  }
}

/** Everything that a rule of the list could open, but the address. */
function allowAll(mode: Mode): void {
  const allow = DENIED.map((_, index) => ruleFor(nameOf(index)));
  proxy.setPolicy({ mode, allow, network: networkOf({}) });
}

describe('B-05 an address that is not public', () => {
  it('is listed here in more than 60 forms', () => {
    expect(new Set(DENIED).size).toBeGreaterThanOrEqual(60);
  });

  it.each(MODES)(
    'B-05 is never connected to in mode %s, whatever name leads there',
    async (mode) => {
      allowAll(mode);
      const answers = await withAgent(async (agent) => {
        // The connections of the test itself, before it is counted what else is begun.
        await Promise.all(Array.from({ length: 20 }, () => ask(agent, `http://${nameOf(0)}/`)));
        begun = 0;
        return Promise.all(DENIED.map((_, index) => ask(agent, `http://${nameOf(index)}/`)));
      });
      expect(new Set(answers)).toEqual(new Set(['403 address_not_allowed']));
      expect(begun).toBe(0);
      const records = await proxy.ended(DENIED.length + 20);
      expect(new Set(records.map(({ event }) => event))).toEqual(new Set(['blocked']));
    },
  );

  it.each(MODES)(
    'B-05 in mode %s is refused beside one that is open, and when a name turns to it',
    async (mode) => {
      const open = await startOrigin();
      const url = `http://flip.test:${open.port}/status/200`;
      const allow = [ruleFor('flip.test')];
      dns.set('flip.test', ['127.0.0.1']);
      await withAgent(async (agent) => {
        for (let turn = 0; turn < 50; turn += 1) {
          // A new policy each time: nothing is left in the pool.
          proxy.setPolicy({ mode, allow, network: networkOf({ allowPrivate: ['127.0.0.1/32'] }) });
          dns.set('flip.test', ['127.0.0.1']);
          if (turn % 10 === 0) expect(await ask(agent, url)).toBe('200 ');
          proxy.setPolicy({ mode, allow, network: networkOf({ allowPrivate: ['127.0.0.1/32'] }) });
          const bad = DENIED.filter((address) => !address.includes(':'))[turn % 25] ?? '';
          // Lifetime 0: each request gets another answer.
          dns.set('flip.test', [[bad], ['127.0.0.1', bad], [bad, '127.0.0.1']][turn % 3] ?? []);
          begun = 0;
          expect(await ask(agent, url)).toBe('403 address_not_allowed');
          expect(begun).toBe(0);
        }
      });
      await open.close();
    },
  );
});

describe('B-06 leash itself', () => {
  let own: Origin;
  beforeAll(async () => {
    own = await startOrigin();
  });
  afterAll(() => own.close());

  it('B-06 is not reached by any of its names and addresses, even where loopback is open', async () => {
    const viewer = own.port;
    const self = await startProxy({
      env: { LEASH_DNS: dns.address, LEASH_BIND: '0.0.0.0', PORT: String(viewer) },
    });
    const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    dns.set('self.test', ['127.0.0.1']);
    dns.set(hostname().toLowerCase(), ['127.0.0.1']);
    const hosts = [
      ...[
        '127.0.0.1',
        'localhost',
        '0',
        '0.0.0.0',
        '127.1',
        '2130706433',
        '0x7f.1',
        '[::1]',
        '[::]',
      ],
      ...[
        '[::ffff:127.0.0.1]',
        '[::127.0.0.1]',
        'self.test',
        hostname().toLowerCase(),
        '127.0.0.2',
      ],
      ...interfaces.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
    ];
    dns.set('localhost', ['127.0.0.1']);
    const before = own.connections();
    for (const host of hosts) {
      for (const port of [viewer, self.port]) {
        const authority = `${host}:${port}`;
        const answer = await self.curl(
          '-i',
          '--path-as-is',
          '-H',
          `Host: ${authority}`,
          `http://${authority}/api/logs`,
        );
        expect({ authority, answer: answer.stdout.slice(0, 200) }).toMatchObject({
          answer: expect.stringMatching(
            /^HTTP\/1\.1 (403|400|502) [\s\S]*reason=(self_connection|address_not_allowed|malformed|dns)/,
          ),
        });
      }
    }
    expect(own.connections()).toBe(before);
    const reasons = self.link.records.map(({ fields }) => fields.reason);
    expect(reasons.filter((reason) => reason === 'self_connection').length).toBeGreaterThan(10);
    await self.close();
  });
});

describe('B-07 a name that is denied', () => {
  it('B-07 is not looked up: 10,000 names, no query, a record each', async () => {
    proxy.setPolicy({ mode: 'enforce', allow: [ruleFor('ok.test')] });
    const names = Array.from({ length: 10_000 }, (_, n) => `secret-${n}.wild.test`);
    const answers = await withAgent((agent) =>
      Promise.all(names.map((name) => ask(agent, `http://${name}/`))),
    );
    expect(new Set(answers)).toEqual(new Set(['403 not_in_allowlist']));
    expect(dns.queries).toEqual([]);
    const records = await proxy.ended(names.length);
    expect(new Set(records.map(({ fields }) => fields.host)).size).toBe(names.length);
    proxy.setPolicy({ mode: 'audit', network: networkOf({}) });
    await withAgent((agent) => ask(agent, 'http://asked.wild.test/'));
    expect(dns.queries.length).toBeGreaterThan(0);
  });
});

describe('a refusal', () => {
  it('comes at once: within five times what an answer takes', async () => {
    const near = await startOrigin();
    await withAgent(async (agent) => {
      const timeOf = async (url: string) => {
        const times: number[] = [];
        for (let n = 0; n < 50; n += 1) {
          const startMs = performance.now();
          await ask(agent, url);
          times.push(performance.now() - startMs);
        }
        return times.sort((a, b) => a - b)[25] ?? 0;
      };
      proxy.setPolicy({});
      const passed = await timeOf(`${near.url}/status/200`);
      proxy.setPolicy({ mode: 'enforce' });
      const refused = await timeOf(`${near.url}/status/200`);
      expect(refused).toBeLessThan(Math.max(passed * 5, 1));
      expect(refused).toBeLessThan(50);
    });
    await near.close();
  });
});
