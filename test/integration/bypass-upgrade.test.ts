// What would turn a request into something that nobody reads, or lead the client elsewhere: upgrades,
// HTTP/2 without TLS, redirects. B-09 and B-10 of the acceptance checks.

import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answers,
  type BypassNet,
  startBypassNet,
  statusesOf,
  tlsInside,
} from '../support/bypass-net.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import type { RawOrigin } from '../support/raw-origin.ts';

let net: BypassNet;
/** What the origins answer, whole; '' is the usual 200. */
let script = '';
const USUAL = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n';

beforeAll(async () => {
  net = await startBypassNet({
    allow: ({ plain, tls }) => `allow:\n  - host: ok.test\n    ports: [${plain}, ${tls}]\n`,
    answer: () => script || USUAL,
  });
});
afterAll(() => net.close());
beforeEach(async () => {
  script = '';
  await net.forget();
});

/** The three ways a request comes to leash. */
const PLACES = ['to the proxy', 'in a plain tunnel', 'in a TLS tunnel'] as const;
type Place = (typeof PLACES)[number];

/** A connection that is ready for requests, the target that stands in them, and where they lead. */
type Entry = {
  readonly socket: Socket;
  readonly outer: Socket;
  readonly target: string;
  readonly host: string;
  readonly origin: RawOrigin;
  /** Records of its own beside those of the requests. */
  readonly tunnels: number;
};

async function enter(place: Place, name = 'ok.test'): Promise<Entry> {
  const { proxy, ports, ok } = net;
  if (place === 'to the proxy') {
    const socket = await openSocket(proxy.port);
    const host = `${name}:${ports.plain}`;
    const target = `http://${host}/x`;
    return { socket, outer: socket, target, host, origin: ok.plain, tunnels: 0 };
  }
  const isTls = place === 'in a TLS tunnel';
  const host = `${name}:${isTls ? ports.tls : ports.plain}`;
  const { socket: outer } = await connectThrough(proxy.port, host);
  const socket = isTls ? await tlsInside(outer, name, proxy.caPem) : outer;
  if (socket === null) throw new Error('No handshake in the tunnel');
  return { socket, outer, target: '/x', host, origin: isTls ? ok.tls : ok.plain, tunnels: 1 };
}

const head = (...lines: string[]) => [...lines, '', ''].join('\r\n');
const SETTINGS = 'AAMAAABkAAQCAAAAAAIAAAAA';
const WEBSOCKET_KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const TO_WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket'];
/** Frames of HTTP/2 and of WebSocket, and words: what would follow an upgrade. */
const BEHIND =
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x81\x05smuggled';

describe('B-09 nothing but a WebSocket is upgraded', () => {
  const upgrades: readonly (readonly [name: string, fields: readonly string[]])[] = [
    [
      'to h2c',
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', `HTTP2-Settings: ${SETTINGS}`],
    ],
    ['to h2c in odd case', ['CONNECTION: upgrade', 'UPGRADE: H2C', `http2-settings: ${SETTINGS}`]],
    [
      'to h2c, settings not nominated',
      ['Connection: Upgrade', 'Upgrade: h2c', `HTTP2-Settings: ${SETTINGS}`],
    ],
    ['to h2c, nothing nominated', ['Upgrade: h2c', `HTTP2-Settings: ${SETTINGS}`]],
    [
      'to h2c, spelled for CGI',
      ['Connection: Upgrade', 'Upgrade: h2c', `HTTP2_Settings: ${SETTINGS}`],
    ],
    ['to h2', ['Connection: Upgrade', 'Upgrade: h2']],
    ['to foo', ['Connection: Upgrade', 'Upgrade: foo']],
    ['to two protocols', ['Connection: keep-alive, Upgrade', 'Upgrade: h2c', 'Upgrade: websocket']],
    ['to a list', ['Connection: Upgrade', 'Upgrade: foo/1, websocket, h2c']],
    ['to TLS', ['Connection: Upgrade', 'Upgrade: TLS/1.0']],
    // No whole handshakes: websocket.test.ts has those that are.
    ['to websocket of no version', [...TO_WEBSOCKET, WEBSOCKET_KEY]],
    ['to an old websocket', [...TO_WEBSOCKET, WEBSOCKET_KEY, 'Sec-WebSocket-Version: 8']],
    ['to websocket without a key', [...TO_WEBSOCKET, 'Sec-WebSocket-Version: 13']],
  ];
  const cases = PLACES.flatMap((place) =>
    upgrades.map(([name, fields]) => ({ place, name, fields })),
  );

  it.each(cases)(
    'B-09 $name, $place: the origin sees a plain request',
    async ({ place, fields }) => {
      const { socket, outer, target, host, origin, tunnels } = await enter(place);
      // Where no upgrade is asked for, what is behind is HTTP to every parser, and breaks the first.
      const behind = fields.some((field) => /^connection:/i.test(field)) ? BEHIND : '';
      const request = head(`GET ${target} HTTP/1.1`, `Host: ${host}`, ...fields);
      socket.write(request + behind, 'latin1');
      const answer = await readUntil(socket, answers(1));
      expect(statusesOf(answer)).toEqual([200]);
      expect(answer).not.toMatch(/^upgrade:/im);
      // No relay stays behind: what the client sends now leads nowhere, and the connection ends.
      socket.write('smuggled too');
      expect(await readUntil(socket)).not.toMatch(/HTTP\/1\.1 (?!400)/);
      outer.destroy();
      const records = await net.proxy.ended(1 + tunnels);
      expect(records.filter(({ event }) => event === 'allowed')).toHaveLength(1);
      expect(origin.requests).toHaveLength(1);
      const [seen] = origin.requests;
      expect([seen?.method, seen?.target, seen?.host]).toEqual(['GET', '/x', host]);
      const names = seen?.headers.map(([header]) => header.toLowerCase().replaceAll('_', '-'));
      expect(names).not.toContain('upgrade');
      expect(names).not.toContain('http2-settings');
      for (const [header, value] of seen?.headers ?? []) {
        if (header.toLowerCase() === 'connection') expect(value).not.toMatch(/upgrade|settings/i);
      }
      expect(origin.received()).not.toMatch(/smuggled|PRI \*/);
      net.expectOracle();
    },
  );

  it.each(PLACES)('B-09 an upgrade for a denied host is refused, %s', async (place) => {
    const { proxy, ports } = net;
    const { socket, outer } = await enter(place);
    const host = `evil.test:${place === 'in a TLS tunnel' ? ports.tls : ports.plain}`;
    const target = place === 'to the proxy' ? `http://${host}/x` : '/x';
    const fields = ['Connection: Upgrade', 'Upgrade: websocket', WEBSOCKET_KEY];
    socket.write(head(`GET ${target} HTTP/1.1`, `Host: ${host}`, ...fields) + BEHIND, 'latin1');
    const answer = await readUntil(socket, answers(1));
    expect(statusesOf(answer)).toEqual([place === 'to the proxy' ? 403 : 421]);
    socket.write('smuggled too');
    outer.destroy();
    expect((await proxy.ended(1)).map(({ event }) => event)[0]).toBe('blocked');
    expect(
      net.ok.plain.wireBytes() + (place === 'in a TLS tunnel' ? 0 : net.ok.tls.wireBytes()),
    ).toBe(0);
    expect(net.ok.tls.requests).toEqual([]);
    expect(net.dns.queries).toEqual([]);
    net.expectOracle();
  });

  const prefaces: readonly (readonly [name: string, bytes: string])[] = [
    [
      'the preface of HTTP/2',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00',
    ],
    ['its method in HTTP/1', 'PRI * HTTP/1.1\r\nHost: ok.test\r\n\r\n'],
    ['a request of HTTP/2.0', 'GET /x HTTP/2.0\r\nHost: ok.test\r\n\r\n'],
  ];
  const prefaceCases = PLACES.flatMap((place) =>
    prefaces.map(([name, bytes]) => ({ place, name, bytes })),
  );
  it.each(prefaceCases)('B-09 $name is refused, $place', async ({ place, bytes }) => {
    const { socket, outer, tunnels } = await enter(place);
    socket.write(bytes, 'latin1');
    expect(statusesOf(await readUntil(socket))).toEqual([400]);
    outer.destroy();
    const records = await net.proxy.ended(1 + tunnels);
    expect(records.map(({ event }) => event)).toEqual(
      ['blocked', 'connect_closed'].slice(0, 1 + tunnels),
    );
    expect(net.ok.plain.wireBytes() + net.ok.tls.wireBytes()).toBe(0);
    net.expectOracle();
  });

  const FAKES = [
    'Upgrade: foo\r\nConnection: Upgrade\r\n',
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n',
    'Upgrade: h2c\r\nConnection: Upgrade\r\n',
    'Content-Length: 0\r\n',
    '',
  ];
  const fakes = PLACES.flatMap((place) =>
    FAKES.flatMap((fields) => [true, false].map((asked) => ({ place, fields, asked }))),
  );
  it.each(fakes)('B-09 a 101 is cut off, $place, asked for: $asked, $fields', async (fake) => {
    const { place, fields, asked } = fake;
    script = `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\nraw-from-origin`;
    const { socket, outer, target, host, origin, tunnels } = await enter(place);
    const upgrade = asked ? ['Connection: Upgrade', 'Upgrade: websocket', WEBSOCKET_KEY] : [];
    socket.write(head(`GET ${target} HTTP/1.1`, `Host: ${host}`, ...upgrade));
    const answer = await readUntil(socket, answers(1));
    expect(statusesOf(answer)).toEqual([502]);
    socket.write('raw-from-client');
    outer.destroy();
    const records = await net.proxy.ended(1 + tunnels);
    expect(records.find(({ fields: { status } }) => status === 502)).toMatchObject({
      event: 'error',
      fields: { reason: 'upstream: unsolicited 101' },
    });
    expect(answer).not.toContain('raw-from-origin');
    expect(origin.requests).toHaveLength(1);
    expect(origin.received()).not.toContain('raw-from-client');
    // The connection that broke the rules is not used again.
    script = '';
    const before = origin.connections();
    const next = await enter(place);
    next.socket.write(head(`GET ${next.target} HTTP/1.1`, `Host: ${host}`));
    expect(statusesOf(await readUntil(next.socket, answers(1)))).toEqual([200]);
    next.outer.destroy();
    expect(origin.connections()).toBe(before + 1);
  });
});

describe('B-10 leash follows nobody', () => {
  const evil = () => `evil.test:${net.ports.plain}`;
  const statuses = [300, 301, 302, 303, 307, 308];
  const places = PLACES.filter((place) => place !== 'in a plain tunnel');
  const redirects = places.flatMap((place) => statuses.map((status) => ({ place, status })));

  /** One request answered with `script`; gives the head that the client got. */
  async function answered(place: Place): Promise<string> {
    const { socket, outer, target, host, origin, tunnels } = await enter(place);
    socket.write(`${head(`POST ${target} HTTP/1.1`, `Host: ${host}`, 'Content-Length: 2')}hi`);
    const answer = await readUntil(socket, answers(1));
    outer.destroy();
    await net.proxy.ended(1 + tunnels);
    expect(origin.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(['POST /x']);
    expect(net.dns.queries.filter(({ name }) => name !== 'ok.test')).toEqual([]);
    net.expectOracle();
    return answer;
  }

  it.each(redirects)(
    'B-10 a $status to evil.test is the client’s to follow, $place',
    async (redirect) => {
      const { place, status } = redirect;
      const location = `Location: http://${evil()}/caught`;
      const refresh = `Refresh: 0; url=http://${evil()}/caught`;
      script = `${head(`HTTP/1.1 ${status} Elsewhere`, location, refresh, 'Content-Length: 3')}ok\n`;
      const answer = await answered(place);
      expect(statusesOf(answer)).toEqual([status]);
      expect(answer).toContain(`\r\n${location}\r\n`);
      expect(answer).toContain(`\r\n${refresh}\r\n`);
    },
  );

  const others = ['Content-Location', 'Link', 'URI', 'Refresh', 'SourceMap', 'Alternates'];
  const altServices = ['Alt-Svc', 'alt-svc', 'ALT-SVC'];
  const leads = places.flatMap((place) => [200, 302, 404].map((status) => ({ place, status })));
  it.each(leads)(
    'B-10 Alt-Svc is taken out of a $status, other fields stay, $place',
    async (lead) => {
      const { place, status } = lead;
      const alt = altServices.map((name) => `${name}: h3="${evil()}"; ma=86400, clear`);
      const links = others.map((name) => `${name}: http://${evil()}/caught`);
      script = `${head(`HTTP/1.1 ${status} Here`, ...alt, ...links, 'Content-Length: 3')}ok\n`;
      const answer = await answered(place);
      expect(statusesOf(answer)).toEqual([status]);
      expect(answer).not.toMatch(/alt-svc|h3=/i);
      for (const link of links) expect(answer).toContain(`\r\n${link}\r\n`);
      // The operator sees what was taken out.
      const outcome = net.proxy.link.records.find(({ event }) => event === 'allowed');
      const names = outcome?.fields.res_headers?.map(([name]) => name);
      expect(names).toEqual(expect.arrayContaining(altServices));
    },
  );

  it.each(places)(
    'B-10 Alt-Svc is not passed on in a trailer or in early hints, %s',
    async (place) => {
      const field = `Alt-Svc: h3="${evil()}"`;
      const hints = head(
        'HTTP/1.1 103 Early Hints',
        field,
        `Link: <http://${evil()}/>; rel=preload`,
      );
      const chunked = head('HTTP/1.1 200 OK', 'Trailer: Alt-Svc', 'Transfer-Encoding: chunked');
      script = `${hints}${chunked}3\r\nok\n\r\n0\r\n${field}\r\n\r\n`;
      const { socket, outer, target, host, tunnels } = await enter(place);
      socket.write(head(`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close'));
      const answer = await readUntil(socket);
      outer.destroy();
      await net.proxy.ended(1 + tunnels);
      expect(answer).toMatch(/ok\n/);
      // The field itself; that one was announced leads nobody anywhere.
      expect(answer).not.toMatch(/^alt-svc|h3=/im);
      net.expectOracle();
    },
  );
});
