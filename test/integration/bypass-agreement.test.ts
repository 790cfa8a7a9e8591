// One connection that names several hosts, or speaks what leash does not read: nothing of it reaches
// an origin. B-03 and B-04 of the acceptance checks.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildHello, serverName } from '../support/build-hello.ts';
import {
  answers,
  type BypassNet,
  type Site,
  startBypassNet,
  statusesOf,
  tlsInside,
} from '../support/bypass-net.ts';
import { type Combination, combinations, type Named, statusFor } from '../support/name-matrix.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';

/** What the parser of Node takes and leash cannot read as a name. */
const UNREADABLE = ['ok.test%00', '[ok.test]', 'ok..test', 'u@ok.test', 'ok.test,other.test', '-'];

let net: BypassNet;

beforeAll(async () => {
  net = await startBypassNet({
    allow: ({ plain, tls }) =>
      ['ok.test', 'other.test'].reduce(
        (text, host) => `${text}  - host: ${host}\n    ports: [${plain}, ${tls}, 443]\n`,
        'allow:\n',
      ),
  });
});
afterAll(() => net.close());
beforeEach(() => net.forget());

/** The text that stands for a name; `duplicate` is for the caller to write twice. */
function authority(named: Named, { n, sni }: Combination): string {
  const port = sni === 'plain' ? net.ports.plain : net.ports.tls;
  if (named === 'unreadable') return `${UNREADABLE[n % UNREADABLE.length]}:${port}`;
  return `${named === 'duplicate' ? 'ok' : named}.test:${port}`;
}

function hostFields(named: Named, combination: Combination): string[] {
  if (named === 'absent') return [];
  const field = `Host: ${authority(named, combination)}`;
  if (named !== 'duplicate') return [field];
  return combination.n % 2 === 0 ? [field, field] : [field, `host: other.test`];
}

/** Target of the first request: `absent` is origin form, `duplicate` two URIs in one. */
function requestTarget(combination: Combination): string {
  const { uri, sni, n } = combination;
  if (uri === 'absent') return `/first-${n}`;
  const scheme = sni === 'plain' ? 'http' : 'https';
  const twice = uri === 'duplicate' ? `,${scheme}://${authority('other', combination)}` : '';
  return `${scheme}://${authority(uri, combination)}${twice}/first-${n}`;
}

const get = (target: string, fields: readonly string[]) =>
  [`GET ${target} HTTP/1.1`, ...fields, '', ''].join('\r\n');

/** Sends both requests, and gives the statuses; every second time in one write. */
async function exchange(
  socket: Awaited<ReturnType<typeof openSocket>>,
  combination: Combination,
  expected: readonly number[],
): Promise<number[]> {
  const { n, host, second } = combination;
  const requests = [
    get(requestTarget(combination), hostFields(host, combination)),
    get(
      combination.connect === 'absent'
        ? `http://${authority('ok', combination)}/second-${n}`
        : `/second-${n}`,
      hostFields(second, combination),
    ),
  ];
  const statuses: number[] = [];
  const writes = n % 2 === 0 ? [requests.join('')] : requests;
  for (const [at, bytes] of writes.entries()) {
    socket.write(bytes);
    // Behind a 400 leash closes, and serves nothing that stands behind it.
    const wanted = n % 2 === 0 ? expected.length : 1;
    const text = await readUntil(socket, answers(wanted));
    statuses.push(...statusesOf(text));
    if (at + 1 >= expected.length) break;
  }
  return statuses;
}

/** Runs one; gives what went otherwise than the check says, '' where nothing did. */
async function runCombination(combination: Combination): Promise<string> {
  const { n, connect, sni, uri, host, second } = combination;
  const { link } = net.proxy;
  const before = link.records.length;
  const target = authority(connect, combination);
  const socket = await openSocket(net.proxy.port);
  const wrong: string[] = [];
  const check = (what: string, is: unknown, wanted: unknown) => {
    const [a, b] = [JSON.stringify(is), JSON.stringify(wanted)];
    if (a !== b) wrong.push(`${what}: ${a}, not ${b}`);
  };
  try {
    if (connect !== 'absent') {
      const fields = connect === 'duplicate' ? hostFields('duplicate', combination) : [];
      const lines = [
        `CONNECT ${target} HTTP/1.1`,
        ...(fields.length > 0 ? fields : [`Host: ${target}`]),
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      const head = await readUntil(socket, { until: (text) => /\r\n\r\n([^\r]*\n)?$/.test(text) });
      const status = connect === 'ok' || connect === 'other' ? 200 : connect === 'evil' ? 403 : 400;
      check('CONNECT', statusesOf(head), [status]);
      if (status !== 200) {
        const [record] = (await net.proxy.ended(before + 1)).slice(before);
        check('record', [record?.event, link.records.length - before], ['blocked', 1]);
        return wrong.join('; ');
      }
    }
    let inner = socket;
    if (connect !== 'absent' && sni !== 'plain') {
      if (sni !== 'absent' && sni !== connect) {
        const name = { duplicate: 'ok.test', unreadable: 'ok.test\0', absent: '' };
        const text = sni in name ? name[sni as keyof typeof name] : `${sni}.test`;
        const second = sni === 'duplicate' ? ['other.test'] : [];
        socket.write(buildHello({ extensions: [serverName(text, ...second)] }));
        check('bytes of an answer', (await readUntil(socket)).length, 0);
        const [record] = (await net.proxy.ended(before + 1)).slice(before);
        check('event', record?.event, 'blocked');
        const isName = sni === 'ok' || sni === 'other' || sni === 'evil';
        const names = isName ? [`${connect}.test`, `${sni}.test`] : [`${connect}.test`, undefined];
        check('names', [record?.fields.host, record?.fields.sni], names);
        return wrong.join('; ');
      }
      const tls = await tlsInside(socket, sni === 'absent' ? null : `${sni}.test`, net.proxy.caPem);
      if (tls === null) return 'no handshake';
      check('leaf', tls.getPeerCertificate().subjectaltname, `DNS:${connect}.test`);
      inner = tls;
    }
    const first = statusFor(connect, uri, host);
    const secondUri = connect === 'absent' ? 'ok' : 'absent';
    const expected = first === 400 ? [400] : [first, statusFor(connect, secondUri, second)];
    check('statuses', await exchange(inner, combination, expected), expected);
    socket.destroy();
    const count = expected.length + (connect === 'absent' ? 0 : 1);
    const records = (await net.proxy.ended(before + count)).slice(before);
    check('count of records', records.length, count);
    for (const [at, status] of expected.entries()) {
      const path = `/${at === 0 ? 'first' : 'second'}-${n}`;
      const record = records.find(({ fields }) => (fields.url ?? '').endsWith(path));
      check(`event of ${path}`, record?.event, status === 200 ? 'allowed' : 'blocked');
      if (status !== 421) continue;
      const named = connect === 'absent' ? (at === 0 ? uri : 'ok') : connect;
      const theHost = at === 0 ? host : second;
      const odd = theHost === named ? uri : theHost;
      const wanted = [`${named}.test`, authority(odd, combination)];
      // Outside of a tunnel the URI is what was asked for, and it stands in the record whole.
      const asked = /^http:\/\/([^:]+):/.exec(record?.fields.url ?? '')?.[1];
      const recorded = connect === 'absent' ? asked : record?.fields.host;
      check(`names of ${path}`, [recorded, record?.fields.other_host], wanted);
    }
  } finally {
    socket.destroy();
  }
  return wrong.join('; ');
}

describe('B-03 all names of a connection agree, or nothing is sent', () => {
  it('B-03 for CONNECT, SNI, absolute URI, Host and the Host of the request behind it', {
    timeout: 60_000,
  }, async () => {
    const all = combinations();
    expect(all.length).toBeGreaterThanOrEqual(200);
    expect(all.length).toBe(216 + 3 * 7 + 2 * (3 * 216 + 4));
    const wrong: string[] = [];
    for (const combination of all) {
      const problem = await runCombination(combination);
      if (problem !== '') wrong.push(`${JSON.stringify(combination)} ${problem}`);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
    const hosts = (site: Site) => new Set(site.tls.requests.map(({ host }) => host));
    expect(hosts(net.ok)).toEqual(new Set([`ok.test:${net.ports.tls}`]));
    expect(hosts(net.other)).toEqual(new Set([`other.test:${net.ports.tls}`]));
    expect(new Set(net.ok.tls.serverNames)).toEqual(new Set(['ok.test']));
    expect(new Set(net.other.tls.serverNames)).toEqual(new Set(['other.test']));
    net.expectOracle();
  });
});

describe('B-04 ports and protocols', () => {
  const ports = [
    ...['22', '25', '6379', '8443', '80', '65535'].map((port) => [port, 403] as const),
    ...['0', '65536', '+443', '443x', '0443', '%34%34%33', ''].map((port) => [port, 400] as const),
    ...['\u0664\u0664\u0663', '\uff14\uff14\uff13'].map((port) => [port, 400] as const),
  ];

  it.each(ports)('B-04 CONNECT to ok.test on port "%s" is answered %i', async (port, status) => {
    const text = Buffer.from(`ok.test:${port}`).toString('latin1');
    const socket = await openSocket(net.proxy.port);
    socket.write(Buffer.from(`CONNECT ${text} HTTP/1.1\r\nHost: ${text}\r\n\r\n`, 'latin1'));
    expect(await readUntil(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(await net.proxy.ended(1)).toMatchObject([{ event: 'blocked', fields: { status } }]);
    expect(net.proxy.link.opened).toEqual([]);
    expect(net.dns.queries).toEqual([]);
    net.expectOracle();
  });

  const PROTOCOLS: readonly (readonly [
    name: string,
    bytes: string,
    event: string,
    reason: string,
  ])[] = [
    ['ssh', 'SSH-2.0-OpenSSH_9.2\r\n', 'blocked', 'unknown_protocol: neither TLS nor HTTP/1'],
    ['smtp', 'EHLO evil.test\r\n', 'blocked', 'plain_http_on_443'],
    ['http', 'GET / HTTP/1.1\r\nHost: http.ok.test\r\n\r\n', 'blocked', 'plain_http_on_443'],
    [
      'alert',
      '\x15\x03\x01\x00\x02\x02\x28',
      'blocked',
      'unknown_protocol: neither TLS nor HTTP/1',
    ],
    ['data', '\x17\x03\x03\x00\x02\x02\x28', 'blocked', 'unknown_protocol: neither TLS nor HTTP/1'],
    ['old-tls', '\x16\x02\x00\x00\x02\x02\x28', 'blocked', 'unknown_protocol: not TLS'],
    ['redis', '*1\r\n$4\r\nPING\r\n', 'blocked', 'unknown_protocol: neither TLS nor HTTP/1'],
    ['two-bytes', '\x16\x03', 'error', 'client: no first bytes in time'],
    ['two-letters', 'GE', 'error', 'client: no first bytes in time'],
    ['silence', '', 'error', 'client: no first bytes in time'],
  ];

  it('B-04 a tunnel to port 443 that speaks no TLS is closed, a silent one after 10 s', async () => {
    const runs = PROTOCOLS.map(async ([name, bytes]) => {
      const { socket, status } = await connectThrough(net.proxy.port, `${name}.ok.test:443`);
      const startedMs = performance.now();
      socket.write(Buffer.from(bytes, 'latin1'));
      const answer = await readUntil(socket, { timeoutMs: 15_000 });
      socket.destroy();
      return { name, status, answer, afterMs: performance.now() - startedMs };
    });
    const ends = await Promise.all(runs);
    const records = await net.proxy.ended(PROTOCOLS.length);
    for (const [name, , event, reason] of PROTOCOLS) {
      const end = ends.find((one) => one.name === name);
      expect(end).toMatchObject({ status: 200, answer: '' });
      const silent = event === 'error';
      expect([name, (end?.afterMs ?? 0) > 9_000]).toEqual([name, silent]);
      const own = records.filter(({ fields }) => fields.host === `${name}.ok.test`);
      expect(own).toMatchObject([{ event, fields: { reason, port: 443 } }]);
    }
    expect(records).toHaveLength(PROTOCOLS.length);
    // Their names have never been resolved, so nobody was dialled.
    expect(net.dns.queries).toEqual([]);
    net.expectOracle();
  });
});
