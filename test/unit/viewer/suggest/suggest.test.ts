// From the lines of a log to the text of an allowlist, piece by piece.

import { describe, expect, it } from 'vitest';
import { joinPolicy } from '../../../../src/shared/policy-join.ts';
import { LogScan } from '../../../../src/viewer/replay/log-scan.ts';
import type { GroupsFound } from '../../../../src/viewer/suggest/ask-groups.ts';
import { makeSuggestion } from '../../../../src/viewer/suggest/make-suggestion.ts';
import { logLine } from '../../../support/log-line.ts';

const NOW_MS = 1_800_000_000_000;
const AGENTS =
  'agents:\n  - { name: ci, networks: [10.0.0.1/32] }\n  - { name: cd, networks: [10.0.0.2/32] }\n';
const CLIENTS: Readonly<Record<string, string>> = {
  ci: '10.0.0.1',
  cd: '10.0.0.2',
  '': '10.9.9.9',
};

/** `ci GET https://a.test/x`, or `ci CONNECT a.test:443`. */
function lineOf(text: string, more: object = {}): string {
  const [agent = '', method, url = ''] = text.split(' ');
  const uri = new URL(method === 'CONNECT' ? `https://${url}` : url);
  const host = uri.hostname.replace(/^\[|\]$/g, '');
  const port = Number(uri.port || (uri.protocol === 'http:' ? 80 : 443));
  const who = agent === '-' ? '' : agent;
  return logLine({
    event: 'allowed',
    client: CLIENTS[who],
    agent: who,
    host,
    port,
    method,
    url,
    ...more,
  });
}

type Texts = Readonly<Record<string, string>>;

function groupsOf(lines: readonly string[], texts: Texts = {}, agent = '') {
  const { source } = joinPolicy({ mode: 'audit', 'agents.yaml': AGENTS, ...texts });
  const setup = { present: source, sinceS: 0, isProxied: false, nowMs: NOW_MS };
  const scan = new LogScan({ ...setup, purpose: { kind: 'suggest', agent } });
  for (const line of lines) scan.line(Buffer.from(line), 0);
  const { found, ...read } = scan.result();
  return { source, read, found: found as GroupsFound };
}

function suggest(lines: readonly string[], texts: Texts = {}, agent = '') {
  const { source, read, found } = groupsOf(lines, texts, agent);
  const { text, leftOut } = makeSuggestion({
    read: { ...read, segments: 1, unread: [], knowsRunning: true },
    found,
    present: source,
    overlay: [],
    command: 'leashctl suggest',
    nowMs: NOW_MS,
  });
  const entries = text.slice(text.indexOf('\nallow:') + 1);
  const plain = entries
    .replace(/^ *#.*\n/gm, '')
    .split('\n')
    .slice(1, -1);
  return { text, leftOut, plain };
}

describe('makeSuggestion()', () => {
  it('names host, port, method, path and agent, and generalises ids', () => {
    const { plain, text } = suggest([
      lineOf('ci GET https://a.test/repos/acme/app/issues/1?x=secret'),
      lineOf('ci GET https://a.test/repos/acme/app/issues/2'),
      lineOf('ci GET https://a.test/users/8d2f1c9a-0000-4000-8000-000000000000/keys'),
      lineOf('cd GET https://a.test/repos/acme/app/issues/3'),
      lineOf('ci POST https://a.test/users/1', { audit: 'would_block_in_enforce' }),
    ]);
    expect(plain).toEqual([
      '  - host: "a.test"',
      '    ports: [443]',
      '    subdomains: false',
      '    paths:',
      '      - { method: "GET", prefix: "/repos/acme/app/" }',
      '    agents: ["cd"]',
      '  - host: "a.test"',
      '    ports: [443]',
      '    subdomains: false',
      '    paths:',
      '      - { method: "GET", prefix: "/repos/acme/app/" }',
      '      - { method: "GET", prefix: "/users/" }',
      '      - { method: "POST", prefix: "/users/" }',
      '    agents: ["ci"]',
    ]);
    expect(text).toContain('# 4 by ci, 2023-11-14 22:13 to 2023-11-14 22:13, such as 1-1-1');
    expect(text).toContain('# 1 of them marked would_block_in_enforce');
    expect(text).not.toContain('secret');
  });

  it('leaves out leash itself, which no entry opens or closes', () => {
    const { plain } = suggest([
      lineOf('ci GET http://leash.internal/trust.sh'),
      lineOf('ci CONNECT leash.internal:443'),
      lineOf('ci GET https://a.test/x'),
    ]);
    expect(plain.filter((line) => line.includes('host'))).toEqual(['  - host: "a.test"']);
  });

  it('joins agents and ports that need the same, and is for anybody where nobody has a name', () => {
    const { plain } = suggest([
      lineOf('ci GET https://a.test/v1/x'),
      lineOf('cd GET https://a.test/v1/x'),
      lineOf('ci GET https://a.test:8443/v1/x'),
      lineOf('cd GET https://a.test:8443/v1/x'),
      lineOf('- GET http://b.test/y'),
      lineOf('ci GET http://b.test/y/z'),
    ]);
    expect(plain.filter((line) => /host|ports|agents/.test(line))).toEqual([
      '  - host: "a.test"',
      '    ports: [443, 8443]',
      '    agents: ["cd", "ci"]',
      '  - host: "b.test"',
      '    ports: [80]',
    ]);
  });

  it('has one entry for names of a service that are many, and never one for a public suffix', () => {
    const names = (domain: string) =>
      Array.from({ length: 9 }, (_, n) => lineOf(`ci GET https://lb-${n}.${domain}/x`));
    const cdn = suggest([...names('cdn.example.com'), lineOf('ci GET https://www.example.com/')]);
    expect(cdn.plain.filter((line) => /host|subdomains/.test(line))).toEqual([
      '  - host: "cdn.example.com"',
      '    subdomains: true',
      '  - host: "www.example.com"',
      '    subdomains: false',
    ]);
    expect(cdn.text).toContain('# wide: all names below: 9 names that differ by numbers');
    for (const suffix of ['github.io', 'co.uk', 's3.amazonaws.com']) {
      const { plain } = suggest(names(suffix));
      expect(plain.filter((line) => line.includes('subdomains: false'))).toHaveLength(9);
    }
  });

  it('counts tunnels: with no request seen, and those that nobody looks into; both for any path, and said', () => {
    const tunnel = { event: 'connect_closed' };
    const { plain, text } = suggest(
      [
        lineOf('ci CONNECT a.test:443', tunnel),
        lineOf('ci CONNECT b.test:443', { ...tunnel, requests: 3 }),
        lineOf('ci GET https://b.test/x'),
        lineOf('ci CONNECT c.test:22', { event: 'uninspected' }),
      ],
      { 'network.yaml': 'opaque: ["c.test:22"]\n' },
    );
    expect(plain.filter((line) => /host|ports|prefix/.test(line))).toEqual([
      '  - host: "a.test"',
      '    ports: [443]',
      '  - host: "b.test"',
      '    ports: [443]',
      '      - { method: "GET", prefix: "/x" }',
      '  - host: "c.test"',
      '    ports: [22]',
    ]);
    expect(text).toMatch(/# wide: no request was seen in its tunnels.*\n {2}- host: "a.test"/);
    expect(text).toMatch(/# wide: its tunnels are not looked into.*\n {2}- host: "c.test"/);
  });

  it('leaves out what was refused, unless an entry of now lets it pass, and says how much', () => {
    const refused = { event: 'blocked', reason: 'not_in_allowlist' };
    const { plain, text, leftOut } = suggest(
      [
        lineOf('ci GET https://evil.test/', refused),
        lineOf('ci GET https://mended.test/', refused),
        lineOf('ci GET https://bad.test/', { event: 'blocked', reason: 'malformed: host' }),
      ],
      { 'enforce.yaml': 'allow:\n  - { host: mended.test, expires: 2028-01-01 }\n' },
    );
    expect(plain[0]).toBe('  - host: "mended.test"');
    expect(plain.filter((line) => line.includes('host'))).toHaveLength(1);
    expect(leftOut).toContainEqual({
      why: 'refused',
      count: 1,
      hosts: [{ host: 'evil.test', count: 1 }],
    });
    expect(text).toContain('# Left out: 1 that were refused then');
    expect(text).toContain('# passes now by an entry that ends 2028-01-01 00:00');
    expect(text).toContain('# 1 were refused for what no rule changes');
  });

  it('says which hosts are in the blocklist of now, at the top and at the entry', () => {
    const { text } = suggest([lineOf('ci GET https://evil.test/')], {
      'blocklist.yaml': 'block:\n  - evil.test\n',
    });
    expect(text).toMatch(/^# IN THE BLOCKLIST, at which enforce mode does not look: evil\.test$/m);
    expect(text).toMatch(/^ {2}# IN THE BLOCKLIST: blocklist\.yaml:2 evil\.test$/m);
  });

  it('says private only where a name led to an address that an entry opened, not where allow_private did', () => {
    const dialled = (host: string, ip: string) =>
      lineOf(`ci GET https://${host}/`, { upstream_ip: ip });
    const { plain, text } = suggest(
      [
        dialled('a.test', '10.3.3.3'),
        dialled('b.test', '192.168.1.1'),
        dialled('c.test', '10.3.3.4'),
        dialled('10.3.3.5', '10.3.3.5'),
        dialled('10.3.3.6', '10.3.3.6'),
        dialled('d.test', '93.184.216.34'),
      ],
      {
        'enforce.yaml': 'allow:\n  - { host: a.test, private: true }\n  - 10.3.3.5\n',
        'network.yaml': 'allow_private: [192.168.0.0/16]\n',
      },
    );
    expect(plain.filter((line) => /host|private/.test(line))).toEqual([
      '  - host: "10.3.3.5"',
      '  - host: "a.test"',
      '    private: true',
      '  - host: "b.test"',
      '  - host: "d.test"',
    ]);
    expect(text).toContain('# Left out: 2 that went to an address that nothing opens now');
  });

  it('has nothing for clients that nobody knows where an identity is required', () => {
    const lines = [lineOf('- GET https://a.test/'), lineOf('ci GET https://b.test/')];
    const { plain, text } = suggest(lines, { 'agents.yaml': `${AGENTS}require_identity: true\n` });
    expect(plain.filter((line) => line.includes('host'))).toEqual(['  - host: "b.test"']);
    expect(text).toContain('# Left out: 1 that came from clients that agents.yaml does not know');
  });

  it('is of one agent where one is named', () => {
    const lines = [lineOf('ci GET https://a.test/'), lineOf('cd GET https://b.test/')];
    const { plain } = suggest(lines, {}, 'cd');
    expect(plain[0]).toBe('  - host: "b.test"');
    expect(plain.filter((line) => line.includes('host'))).toHaveLength(1);
  });

  it('widens paths, then methods, then names, where they are too many, and says so', () => {
    const many = (count: number, text: (n: number) => string) =>
      Array.from({ length: count }, (_, n) => lineOf(text(n)));
    const word = (n: number) => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    const paths = suggest(many(1000, (n) => `ci GET https://a.test/api/${word(n)}/x`));
    expect(paths.plain).toContain('      - { method: "GET", prefix: "/api/" }');
    expect(paths.text).toContain('# wide: paths are shorter');
    const methods = suggest(many(40, (n) => `ci ${word(n).toUpperCase()} https://a.test/x`));
    expect(methods.plain).toContain('      - { prefix: "/" }');
    const names = suggest(many(1500, (n) => `ci GET https://${word(n)}.${word(n)}.evil.test/`));
    expect(names.plain).toHaveLength(6);
    expect(names.plain[0]).toBe('  - host: "evil.test"');
    expect(names.text).toContain('# wide: all names below: more names below it were seen');
  });

  it('leaves out names beyond those there is room for, counted', () => {
    const { hosts, leftOut } = groupsOf(
      Array.from({ length: 20_100 }, (_, n) => lineOf(`ci GET https://evil${n}.test/`)),
    ).found;
    expect(hosts).toHaveLength(20_000);
    expect(leftOut.find(({ why }) => why === 'room')?.count).toBe(100);
  });

  it('nothing that an agent chose leaves its quotes or its comment', () => {
    const path = "/a'b/%22/[/{/#/&x/*y/!z/`/|/-/:";
    const { text } = suggest([
      ...Array.from({ length: 90 }, (_, n) => lineOf(`ci GET https://a.test/[[${n}`)),
      lineOf(`ci GET https://a.test${path}`, { id: '1]\u2028{[[' }),
      lineOf('ci GET https://a.test/', { host: 'x\n  - host: evil.test' }),
    ]);
    expect(text).not.toContain('\n  - host: evil.test');
    expect(text).toContain('no host, method or path that a rule may have');
    expect(text.replace(/[\n\x20-\x7e]/g, '')).toBe('');
  });
});
