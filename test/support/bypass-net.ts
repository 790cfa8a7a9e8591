// What the tests that try to get past leash run in: a proxy that enforces, a name server of its own,
// and three sites. Leash may reach `ok.test` and `other.test`; `evil.test` listens on the same ports
// of another address, holds a certificate for everything, and must not get a byte.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect } from 'vitest';
import { parseRules } from '../../src/shared/policy-file.ts';
import { EMPTY_POLICY, type PolicySource, type Rule } from '../../src/shared/policy-source.ts';
import { problemsOf } from './good.ts';
import { networkOf } from './policy-ask.ts';
import { type RawOptions, rawRequest } from './raw.ts';
import { type RawOrigin, type RawOriginOptions, startRawOrigin } from './raw-origin.ts';
import { type Dns, startDns } from './start-dns.ts';
import { startProxy, type TestProxy } from './start-proxy.ts';
import { tempDir } from './temp-dir.ts';
import { makeTestCa } from './test-ca.ts';

export type Site = { readonly name: string; readonly plain: RawOrigin; readonly tls: RawOrigin };
export type Ports = { readonly plain: number; readonly tls: number };
export type Records = TestProxy['link']['records'];

export type BypassNet = {
  readonly proxy: TestProxy;
  readonly dns: Dns;
  readonly ports: Ports;
  readonly ok: Site;
  readonly other: Site;
  readonly evil: Site;
  /** Waits until all flows have ended, and forgets what was recorded and received. */
  forget(): Promise<void>;
  /** What the origins saw is what the records say was forwarded, and nobody else got a byte. */
  expectOracle(): void;
  close(): Promise<void>;
};

export type BypassOptions = {
  /** Content of enforce.yaml. */
  readonly allow: (ports: Ports) => string;
  /** Default: all of loopback, so that nothing but names stands between leash and evil.test. */
  readonly allowPrivate?: (ports: Ports) => string[];
  /** Default: 200, of every site. */
  readonly answer?: RawOriginOptions['answer'];
};

const ADDRESS = { ok: '127.0.0.1', evil: '127.0.0.2', other: '127.0.0.3' } as const;

export async function startBypassNet(options: BypassOptions): Promise<BypassNet> {
  const dir = await tempDir();
  const ca = await makeTestCa(dir.path);
  const answer = options.answer === undefined ? {} : { answer: options.answer };
  const site = async (name: keyof typeof ADDRESS, at: Ports, names: string[]): Promise<Site> => {
    const address = ADDRESS[name];
    const tls = await ca.issue(names);
    return {
      name: `${name}.test`,
      plain: await startRawOrigin({ address, port: at.plain, ...answer }),
      tls: await startRawOrigin({ address, port: at.tls, tls, ...answer }),
    };
  };
  const ok = await site('ok', { plain: 0, tls: 0 }, ['ok.test']);
  const ports = { plain: ok.plain.port, tls: ok.tls.port };
  const other = await site('other', ports, ['other.test']);
  const everything = ['evil.test', 'ok.test', 'other.test', '*.ok.test', ADDRESS.evil];
  const evil = await site('evil', ports, everything);
  const dns = await startDns({
    ...{ 'ok.test': [ADDRESS.ok], 'other.test': [ADDRESS.other], '*.wild.test': [ADDRESS.ok] },
    ...{ 'wild.test': [ADDRESS.ok], 'a.b.wild.test': [ADDRESS.ok] },
    // Whoever asks for another name finds evil.
    ...{ '*.test': [ADDRESS.evil], '*.evil.test': [ADDRESS.evil], '*.ok.test': [ADDRESS.evil] },
  });
  const parsed = parseRules('enforce.yaml', options.allow(ports));
  expect(problemsOf(parsed)).toEqual([]);
  const policy: Partial<PolicySource> = {
    ...EMPTY_POLICY,
    mode: 'enforce',
    allow: parsed as Rule[],
    network: networkOf({ allowPrivate: options.allowPrivate?.(ports) ?? ['127.0.0.0/8'] }),
  };
  const proxy = await startProxy({
    env: { LEASH_DNS: dns.address, LEASH_CLIENT_MINTS_S: '10000' },
    rootsFile: ca.caFile,
    policy,
  });
  const origins = [ok, other, evil].flatMap(({ plain, tls }) => [plain, tls]);
  return {
    ...{ proxy, dns, ports, ok, other, evil },
    async forget() {
      await proxy.forget();
      for (const origin of origins) origin.forget();
      dns.queries.length = 0;
    },
    expectOracle() {
      for (const origin of [evil.plain, evil.tls]) {
        expect([origin.connections(), origin.wireBytes()]).toEqual([0, 0]);
      }
      for (const { plain, tls } of [ok, other]) {
        for (const origin of [plain, tls]) {
          expect(origin.problems).toEqual([]);
          const seen = origin.requests.map((r) => [r.method, r.host, r.target, r.sha256].join(' '));
          expect(seen).toEqual(forwarded(proxy.link.records, origin));
        }
      }
    },
    async close() {
      await proxy.close();
      await Promise.all(origins.map((origin) => origin.close()));
      await Promise.all([dns.close(), dir.close()]);
    },
  };
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Method, host, path and hash of the body of what the records say this origin was sent. */
function forwarded(records: Records, { port, address }: RawOrigin): string[] {
  return records
    .filter(({ event, fields }) => event === 'allowed' && fields.upstream_ip === address)
    .filter(({ fields }) => fields.port === port)
    .map(({ fields: { method, host = '', url = '', req_sha256 } }) => {
      return [method, `${host}:${port}`, pathOf(url), req_sha256 ?? EMPTY_SHA256].join(' ');
    });
}

/** Path and query of a URL as a record has it. */
function pathOf(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?]*/i, '');
  return path.startsWith('?') ? `/${path}` : path;
}

/** Statuses of the answers in `text`. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** For `readUntil`: this many answers whole; the bodies of leash and of the origins end in a newline. */
export function answers(count: number): Required<Pick<RawOptions, 'until'>> {
  return { until: (text) => statusesOf(text).length >= count && /\r\n\r\n[^\r]*\n$/.test(text) };
}

/** One request on a connection of its own, to the proxy itself. */
export async function ask(port: number, lines: readonly string[], body = ''): Promise<string> {
  return await rawRequest(port, `${lines.join('\r\n')}\r\n\r\n${body}`, answers(1));
}

/** TLS in a tunnel as a client speaks it; null: the handshake failed. `name` null: no SNI. */
export async function tlsInside(
  socket: Socket,
  name: string | null,
  caPem: string,
): Promise<TLSSocket | null> {
  const options = { socket, ca: caPem, checkServerIdentity: () => undefined };
  const tls = tlsConnect(name === null ? options : { ...options, servername: name });
  tls.on('error', () => {});
  const ended = once(tls, 'close').then(() => false);
  const secured = once(tls, 'secureConnect').then(() => true);
  // The one that does not come never settles, or settles with the other's error.
  secured.catch(() => {});
  ended.catch(() => {});
  const isSecure = await Promise.race([secured, ended]).catch(() => false);
  return isSecure ? tls : null;
}
