// Logs of hostile and honest agents for tests of what is made of a log: any host, path and method, tunnels
// of each kind, refusals of each reason, in lines as leash writes them.

import fc from 'fast-check';
import type { EventName } from '../../src/shared/audit-event.ts';
import { logLine } from './log-line.ts';

export type AskStep = {
  readonly kind: string;
  readonly host: string;
  readonly port: number;
  readonly agent: string;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly reason: string;
  readonly ip: string;
};

const numbered = fc.integer({ min: 0, max: 40 }).map((n) => `lb-${n}.cdn.test`);
const beside = fc
  .integer({ min: 0, max: 60 })
  .map((n) => `${'abcdefghij'.at(n % 10)}${'klmnop'.at(Math.floor(n / 10)) ?? 'z'}.wide.test`);
const host = fc.oneof(
  fc.constantFrom('a.test', 'b.a.test', 'deep.b.a.test', 'shop.example.co.uk', 'x.github.io'),
  fc.constantFrom('github.io', 'localhost', '10.0.0.7', '8.8.8.8', '2001:4860::8888', 'co.uk'),
  numbered,
  beside,
  fc.integer({ min: 0, max: 30 }).map((n) => `user-${n}.github.io`),
  // What no rule can name.
  fc.constantFrom('*', '*.a.test', 'a.test\n# x', 'A_b..c', 'a.test/"]', '{[', '-.test', 'a b'),
);
const segment = fc.constantFrom(
  'v1',
  'repos',
  'acme',
  '12345',
  '%2e%2e',
  '..',
  'a%2fb',
  '@scope%2fpkg',
  "it's",
  '"q"',
  '[x]',
  '{y',
  '#z',
  ';a',
  '%41',
  'ü',
  'x'.repeat(40),
  '9f8a7b6c5d4e',
  '%0a',
  "'",
  '\\',
  ': ',
  '- a',
  '&b',
  '*',
  '!t',
);
const path = fc.array(segment, { maxLength: 5 }).map((names) => `/${names.join('/')}`);
const method = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('GET', 'POST', 'get') },
  { weight: 1, arbitrary: fc.constantFrom("M'", 'A-B', '', 'G T', '`x', '#', '{', 'PUT\n') },
);

const askStep: fc.Arbitrary<AskStep> = fc.record({
  kind: fc.constantFrom(
    'allowed',
    'allowed',
    'allowed',
    'would',
    'error',
    'blocked',
    'blocked',
    'revoked',
    'tunnel',
    'tunnel',
    'uninspected',
    'running',
    'open',
    'websocket',
    'refused_tunnel',
    'plain',
    'junk',
    'original',
  ),
  host,
  port: fc.constantFrom(443, 443, 443, 80, 8443, 22),
  agent: fc.constantFrom('', 'ci', 'cd', 'gone'),
  client: fc.constantFrom('10.1.0.1', '10.2.0.2', '10.9.0.9', 'fe80::1%eth0', '"]\n'),
  method,
  path,
  reason: fc.constantFrom(
    'not_in_allowlist',
    'path_not_allowed',
    'in_blocklist',
    'no_policy',
    'address_not_allowed',
    'malformed: host',
    'identity_required',
    '',
  ),
  ip: fc.constantFrom('', '93.184.216.34', '10.0.0.7', '127.0.0.1', '192.168.7.7', 'fd00::7'),
});

/** Steps of a log in order. */
export const askSteps = fc.array(askStep, { maxLength: 80 });

/** What leash would have written; a second between two lines. */
export function askLines(steps: readonly AskStep[]): string[] {
  const lines: string[] = [];
  const add = (event: string, id: string, rest: object) => {
    const ts = 1_700_000_000 + lines.length;
    lines.push(logLine({ ...rest, event: event as EventName, id, seq: lines.length + 1, ts }));
  };
  for (const [at, step] of steps.entries()) addFlow(step, `1-1-${at + 1}`, add, lines);
  return lines;
}

function addFlow(
  step: AskStep,
  id: string,
  add: (event: string, id: string, rest: object) => void,
  lines: string[],
): void {
  const { kind, host: name, port, agent, client, method: verb, path: asked, reason, ip } = step;
  const authority = name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
  const who = { client, agent, host: name, port };
  const request = {
    tunnel: '1-1-0',
    ...who,
    method: verb,
    url: `https://${authority}${asked}?q=${id}`,
  };
  const tunnel = { ...who, method: 'CONNECT', url: authority };
  const copies = {
    req_headers: [['x', '","host":"evil.test"']],
    upstream_ip: ip,
    req_body: '{"host":"b"}',
  };
  switch (kind) {
    case 'allowed':
    case 'error':
      add('intent', id, request);
      add(kind, id, { ...request, status: 200, ...copies });
      return;
    case 'would':
      add('allowed', id, { ...request, audit: 'would_block_in_enforce', ...copies });
      return;
    case 'plain':
      add('allowed', id, { ...who, method: verb, url: `http://${authority}${asked}`, ...copies });
      return;
    case 'blocked':
    case 'revoked':
      add(kind, id, { ...request, reason, stage: 'request' });
      return;
    case 'refused_tunnel':
      add('blocked', id, { ...tunnel, reason, stage: 'connect' });
      return;
    case 'tunnel':
      add('connect_allowed', id, tunnel);
      add('connect_closed', id, { ...tunnel, requests: asked.length % 2 });
      return;
    case 'uninspected':
      add('uninspected', id, { ...tunnel, upstream_ip: ip });
      return;
    case 'running':
      add('intent', id, request);
      return;
    case 'open':
      add('connect_allowed', id, tunnel);
      return;
    case 'websocket':
      add('websocket', id, { ...who, direction: 'client', opcode: 1, body: 'x' });
      return;
    case 'original':
      lines.push(JSON.stringify({ ts: 1.5, ...request, req_body: '"', event: 'allowed' }));
      return;
    default:
      lines.push(asked);
  }
}
