// Spellings of names: whatever is written, leash refuses it or reaches the one origin that the policy
// names, under the one normal form of its name. B-01 and B-02 of the acceptance checks.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../src/shared/policy-file.ts';
import {
  answers,
  ask,
  type BypassNet,
  startBypassNet,
  statusesOf,
  tlsInside,
} from '../support/bypass-net.ts';
import { problemsOf } from '../support/good.ts';
import { BAD_SPELLINGS, GOOD_SPELLINGS } from '../support/host-spellings.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';

type Outcome = {
  readonly answer: string;
  /** Alternative names of the leaf, where there was TLS. */
  readonly leaf?: string | undefined;
};

/** A place to write a name in. `sends`: one connection with it; `n` tells the requests apart. */
type Way = {
  readonly name: string;
  readonly tls: boolean;
  sends(authority: string, n: number): Promise<Outcome>;
  /** Whether a spelling means ok.test here. */
  passes(spelling: string): boolean;
};

const good = new Set(GOOD_SPELLINGS);
const isGood = (spelling: string) => good.has(spelling);
/** Spaces between the method and a target are no part of it; Node's parser takes several. */
const isGoodTarget = (spelling: string) => good.has(spelling.replace(/^ +/, ''));
let net: BypassNet;

beforeAll(async () => {
  net = await startBypassNet({
    allow: ({ plain, tls }) =>
      `allow:\n  - host: ok.test\n    ports: [${plain}, ${tls}]\n    private: true\n`,
    allowPrivate: ({ plain, tls }) => [`127.0.0.1/32:${plain}`, `127.0.0.1/32:${tls}`],
  });
});
afterAll(() => net.close());
beforeEach(() => net.forget());

const request = (line: string, n: number, ...fields: string[]) =>
  ask(net.proxy.port, [line, ...fields, `Content-Length: ${`${n}`.length}`], `${n}`);

async function connect(lines: string[], n: number): Promise<Outcome> {
  const socket = await openSocket(net.proxy.port);
  try {
    socket.write(Buffer.from([...lines, '', ''].join('\r\n'), 'latin1'));
    const head = await readUntil(socket, { until: (text) => /\r\n\r\n([^\r]*\n)?$/.test(text) });
    if (!/^HTTP\/1\.1 200 Conn/.test(head)) return { answer: head };
    const tls = await tlsInside(socket, 'ok.test', net.proxy.caPem);
    if (tls === null) return { answer: 'HTTP/1.1 000 no handshake' };
    const leaf = tls.getPeerCertificate().subjectaltname;
    tls.write(`GET /${n} HTTP/1.1\r\nHost: ok.test:${net.ports.tls}\r\n\r\n`);
    return { answer: await readUntil(tls, answers(1)), leaf };
  } finally {
    socket.destroy();
  }
}

const WAYS: readonly Way[] = [
  {
    name: 'CONNECT without Host',
    tls: true,
    sends: (authority, n) => connect([`CONNECT ${authority} HTTP/1.0`], n),
    passes: isGoodTarget,
  },
  {
    name: 'CONNECT',
    tls: true,
    sends: (authority, n) => connect([`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`], n),
    passes: isGoodTarget,
  },
  {
    name: 'absolute URI without Host',
    tls: false,
    sends: async (authority, n) => ({
      answer: await request(`POST http://${authority}/${n} HTTP/1.0`, n),
    }),
    // Behind the authority a path may hold anything.
    passes: (spelling) => isGood(spelling.split(/[/?]/)[0] ?? ''),
  },
  {
    name: 'absolute URI',
    tls: false,
    sends: async (authority, n) => ({
      answer: await request(`POST http://${authority}/${n} HTTP/1.1`, n, `Host: ${authority}`),
    }),
    passes: isGood,
  },
  {
    name: 'Host',
    tls: false,
    sends: async (authority, n) => {
      const uri = `http://ok.test:${net.ports.plain}/${n}`;
      return { answer: await request(`POST ${uri} HTTP/1.1`, n, `Host: ${authority}`) };
    },
    // Blanks around the value of a field are no part of it (RFC 9110 5.5).
    passes: (spelling) => isGood(spelling.replace(/^[ \t]+|[ \t]+$/g, '')),
  },
];

describe('B-01 a name that is spelled oddly is refused or means ok.test', () => {
  const spellings = [...GOOD_SPELLINGS, ...BAD_SPELLINGS];
  let sent = 0;

  it.each(WAYS)('B-01 in $name', { timeout: 60_000 }, async ({ sends, passes, tls }) => {
    const { link } = net.proxy;
    const port = tls ? net.ports.tls : net.ports.plain;
    const wrong: string[] = [];
    let forwarded = 0;
    for (const [n, spelling] of spellings.entries()) {
      const before = { records: link.records.length, opened: link.opened.length };
      const { answer, leaf } = await sends(spelling.replaceAll('{port}', String(port)), n);
      sent += 1;
      const status = statusesOf(answer)[0] ?? 0;
      const isRefused = answer === '' || (status >= 400 && status < 500);
      const expected = passes(spelling);
      const wanted = expected && tls ? 2 : 1;
      const records = (await net.proxy.ended(before.records + wanted)).slice(before.records);
      const hosts = new Set(records.map(({ fields }) => fields.host));
      const opened = link.opened.length - before.opened;
      const fine = expected
        ? status === 200 &&
          records.length === wanted &&
          [...hosts].join() === 'ok.test' &&
          leaf === (tls ? 'DNS:ok.test' : undefined)
        : isRefused && records.length === 1 && opened === 0 && records[0]?.event === 'blocked';
      if (expected) forwarded += 1;
      const facts = [status, leaf, opened, ...records.map((r) => [r.event, r.fields.reason])];
      if (!fine) wrong.push(`${JSON.stringify(spelling)}: ${JSON.stringify(facts)}`);
    }
    expect(wrong).toEqual([]);
    const origin = tls ? net.ok.tls : net.ok.plain;
    expect(origin.requests).toHaveLength(forwarded);
    expect(new Set(origin.requests.map(({ host }) => host))).toEqual(new Set([`ok.test:${port}`]));
    // Connections are pooled: the second way with TLS may find one that is open.
    expect(origin.serverNames.filter((name) => name !== 'ok.test')).toEqual([]);
    // Refused for its name, before anybody is asked where it leads.
    expect(net.dns.queries.filter(({ name }) => name !== 'ok.test')).toEqual([]);
    net.expectOracle();
  });

  it('B-01 has been tried with 300 spellings in each of 3 places, 900 times at least', () => {
    expect(new Set(spellings).size).toBe(spellings.length);
    expect(spellings.length).toBeGreaterThanOrEqual(300);
    expect(sent).toBe(spellings.length * WAYS.length);
    expect(sent).toBeGreaterThanOrEqual(900);
  });
});

describe('B-02 a rule matches whole labels', () => {
  const allowed = ['wild.test', 'a.wild.test', 'a.b.wild.test', 'A.Wild.Test.', 'ok.test'];
  const denied = [
    ...['notok.test', 'ok.test.evil.test', 'xok.test', 'wild.test.evil.test', 'evilwild.test'],
    ...[
      'evil-wild.test',
      'wild.testx',
      'a.wild.test.evil.test',
      'test',
      'ild.test',
      'ok.wild-test',
    ],
  ];
  let wild: BypassNet;

  beforeAll(async () => {
    wild = await startBypassNet({
      allow: ({ plain }) =>
        ['ok.test', '"*.wild.test"'].reduce(
          (text, host) => `${text}  - host: ${host}\n    ports: [${plain}]\n`,
          'allow:\n',
        ),
    });
  });
  afterAll(() => wild.close());

  it('B-02 allows the names below *.wild.test, wild.test itself, and no other name', async () => {
    const { plain } = wild.ports;
    const statuses: Record<string, number[]> = {};
    for (const name of [...allowed, ...denied]) {
      const lines = [`GET http://${name}:${plain}/ HTTP/1.1`, `Host: ${name}:${plain}`];
      const uri = statusesOf(await ask(wild.proxy.port, lines));
      const tunnel = await connectThrough(wild.proxy.port, `${name}:${plain}`);
      tunnel.socket.destroy();
      statuses[name] = [...uri, tunnel.status];
    }
    expect(statuses).toEqual({
      ...Object.fromEntries(allowed.map((name) => [name, [200, 200]])),
      ...Object.fromEntries(denied.map((name) => [name, [403, 403]])),
    });
    const normal = allowed.map((name) => name.toLowerCase().replace(/\.$/, ''));
    expect(new Set(wild.dns.queries.map(({ name }) => name))).toEqual(new Set(normal));
    expect(wild.ok.plain.requests.map(({ host }) => host)).toEqual(
      normal.map((name) => `${name}:${plain}`),
    );
    const reasons = (await wild.proxy.ended((allowed.length + denied.length) * 2))
      .filter(({ event }) => event === 'blocked')
      .map(({ fields }) => fields.reason);
    expect(reasons).toEqual(denied.flatMap(() => ['not_in_allowlist', 'not_in_allowlist']));
    wild.expectOracle();
  });

  it.each([
    ['"*"', 'match every host'],
    ['"*.com"', ''],
    ['"*.test*"', ''],
    ['"ok.*"', ''],
    ['"ök.test"', 'xn--'],
    ['https://ok.test/', ''],
    ['10.0.0.0/8', ''],
  ])('B-02 refuses the entry %s with its line', (entry, hint) => {
    for (const file of ['enforce.yaml', 'blocklist.yaml'] as const) {
      const list = file === 'enforce.yaml' ? 'allow' : 'block';
      const problems = problemsOf(parseRules(file, `${list}:\n  - good.test\n  - ${entry}\n`));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(/^3:/);
      expect(problems[0]).toContain(hint);
    }
  });
});
