import { describe, expect, it } from 'vitest';
import { parseCidr, parseCidrPort } from '../../../src/shared/address.ts';
import { parseHost, parsePath } from '../../../src/shared/host.ts';
import { LIMITS } from '../../../src/shared/limits.ts';
import { compilePolicy } from '../../../src/shared/policy.ts';
import {
  isProblems,
  type PolicyProblem,
  parseAgents,
  parseMode,
  parseNetwork,
  parseRules,
} from '../../../src/shared/policy-file.ts';
import type { Rule } from '../../../src/shared/policy-source.ts';
import { problemsOf } from '../../support/good.ts';

function valid<T>(parsed: T | PolicyProblem[]): T {
  if (isProblems(parsed)) throw new Error(parsed.map(({ message }) => message).join('\n'));
  return parsed;
}

const allow = (text: string) => parseRules('enforce.yaml', text);
const hosts = (text: string) => valid<Rule[]>(allow(text)).map(({ host }) => host);

describe('parseMode()', () => {
  it.each([
    ['enforce', 'enforce'],
    ['audit\n', 'audit'],
    ['  blocklist\r\n', 'blocklist'],
  ])('parseMode() reads %j as %j', (text, mode) => {
    expect(parseMode(text)).toBe(mode);
  });

  it.each(['', 'Enforce', 'off', 'audit audit', 'mode: audit', '\ufeffaudit\0'])(
    'parseMode() refuses %j and names the words',
    (text) => {
      expect(parseMode(text)).toEqual([
        {
          file: 'mode',
          line: 1,
          column: 1,
          message: expect.stringContaining('mode must be one of enforce, audit, blocklist'),
        },
      ]);
    },
  );
});

describe('parseRules()', () => {
  it.each(['', '\n', '# nothing\n', '---\n', 'allow:\n', 'allow: []\n', '{}'])(
    'parseRules() reads %j as an empty list',
    (text) => {
      expect(allow(text)).toEqual([]);
    },
  );

  it('parseRules() reads entries as words and as maps, and says where each stands', () => {
    const text = 'allow:\n  - a.test\n  # why\n  - host: b.test\n    ports: [80]\n';
    expect(valid<Rule[]>(allow(text)).map(({ text: shown, ports }) => [shown, ports])).toEqual([
      ['enforce.yaml:2 a.test', [443]],
      ['enforce.yaml:4 b.test', [80]],
    ]);
    const block = valid<Rule[]>(parseRules('blocklist.yaml', 'block: [c.test]'));
    expect(block).toMatchObject([{ host: 'c.test', ports: null, text: 'blocklist.yaml:1 c.test' }]);
  });

  it('parseRules() reads CRLF, a byte order mark and JSON', () => {
    expect(hosts('allow:\r\n  - a.test\r\n')).toEqual(['a.test']);
    expect(hosts('\ufeffallow:\n  - a.test\n')).toEqual(['a.test']);
    expect(hosts('{"allow": ["a.test"]}')).toEqual(['a.test']);
  });

  it('parseRules() gives line, column, the reason and the fix of every mistake', () => {
    const text = 'allow:\n  - A.test\n  - host: b.test\n    ports: [443, 0]\n    oops: 1\n';
    expect(problemsOf(allow(text))).toEqual([
      '2:5 "A.test" is not in normal form: write "a.test"',
      '5:5 unknown key "oops", allowed: host, ports, subdomains, paths, agents, reason, private, expires',
      '4:18 ports must be 1-65535, got 0',
    ]);
  });

  it.each([
    ['the key of the other list', 'block: [a.test]', 'unknown key "block"'],
    ['a list at the top', '- a.test', 'the file must be a map'],
    ['a word at the top', 'a.test', 'the file must be a map'],
    ['a tab as indent', 'allow:\n\t- a.test', 'not valid YAML'],
    ['an open bracket', 'allow: [a.test', 'not valid YAML'],
    ['two documents', 'allow: [a.test]\n---\nallow: []', 'not valid YAML'],
    ['the same key twice', 'allow: [a.test]\nallow: []', '"allow" stands here twice'],
    ['an alias', 'allow: [&x a.test, *x]', '*x is an alias to YAML: put it in quotes'],
    ['an unquoted wildcard', 'allow:\n  - *.a.test', 'put it in quotes, or write "a.test"'],
    ['a merge key', 'allow:\n  - <<: {host: a.test}', 'unknown key "<<"'],
    ['an unknown tag', 'allow: [!!js/function "x"]', 'not valid YAML'],
    ['a key that is no word', 'allow:\n  - {[a]: b}', 'a key must be a word'],
    ['a number as key', '5: [a.test]', 'a key must be a word'],
    ['a number as host', 'allow: [1234]', 'host must be text: put it in quotes'],
    ['an empty entry', 'allow:\n  -\n', 'host must be text'],
    ['NUL', 'allow: [a.test\0]', 'a control character'],
    ['an escape sequence', 'allow: ["\x1b[31m"]', 'a control character'],
    ['DEL', 'allow: [a\x7f.test]', 'a control character'],
    ['half of a surrogate pair', 'allow: ["\ud800"]', 'a control character'],
    ['nesting', `allow: ${'['.repeat(10)}${']'.repeat(10)}`, 'nested too deeply'],
    ['nesting without end', `allow: ${'['.repeat(50_000)}`, 'nested too deeply'],
    ['nesting of maps without end', `allow: ${'{a: '.repeat(50_000)}`, 'nested too deeply'],
    ['nesting in one line', `allow:\n  ${'- '.repeat(50_000)}a`, 'nested too deeply'],
    [
      'nesting by lines',
      Array.from({ length: 2000 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''),
      'nested too deeply',
    ],
  ])('parseRules() refuses %s', (_name, text, message) => {
    const found = problemsOf(allow(text));
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toContain(message);
  });

  it('parseRules() says where a control character stands', () => {
    expect(problemsOf(allow('allow:\n  - a\0'))[0]).toMatch(/^2:6 /);
  });

  it('parseRules() reads an alias bomb in no time, as a problem', () => {
    const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i += 1) {
      rows.push(`a${i}: &a${i} [${new Array(10).fill(`*a${i - 1}`).join(', ')}]`);
    }
    expect(problemsOf(allow(rows.join('\n'))).at(-1)).toMatch(/more$/);
  });

  it('parseRules() refuses a file that is too long, unread', () => {
    expect(problemsOf(allow(`#${'é'.repeat(LIMITS.policyFileBytes / 2)}`))).toEqual([
      `1:1 the file must be at most ${LIMITS.policyFileBytes} bytes`,
    ]);
  });

  it.each(['com', 'co.uk', 'github.io', 'ck', 'compute.amazonaws.com'])(
    'parseRules() refuses %j: below a public suffix anybody can have a name',
    (host) => {
      expect(problemsOf(allow(`allow: [${host}]`)).join()).toContain('is a public suffix');
      expect(hosts(`allow: [{host: ${host}, subdomains: false}]`)).toEqual([host]);
    },
  );

  it.each(['localhost', 'intranet', 'www.ck', 'example.co.uk', 'me.github.io', '10.0.0.1', '::1'])(
    'parseRules() takes %j, which is no suffix of the list',
    (host) => {
      expect(hosts(`allow: ["${host}"]`)).toEqual([host]);
    },
  );

  it.each([
    ['bücher.test', 'write "xn--bcher-kva.test"'],
    ['ü@evil.test', 'use A-labels (xn--)'],
    ['ü#.test', 'use A-labels (xn--)'],
    ['ü..test\\x', 'use A-labels (xn--)'],
    ['\u00ad', 'use A-labels (xn--)'],
  ])('parseRules() says how the name %j in Unicode is written', (name, hint) => {
    expect(problemsOf(allow(`allow: ['${name}']`))).toEqual([
      `1:9 ${JSON.stringify(name)} is not plain ASCII: ${hint}`,
    ]);
  });
});

describe('policy files', () => {
  it('what these functions return needs no second check: names, networks and paths are in normal form', () => {
    const rules = valid<Rule[]>(
      allow(
        'allow:\n  - "*.a.test"\n  - "::1"\n  - {host: b.test, paths: [{method: get, prefix: /a%20b}]}',
      ),
    );
    const agents = valid(parseAgents('agents: [{name: ci, networks: ["FD00:0::/8", 10.0.0.1]}]'));
    const network = valid(
      parseNetwork('allow_private: ["[FD00:0::/8]:80"]\ndeny: [10.0.0.1]\nnat64: ["2606:0::/96"]'),
    );
    for (const { host, paths } of rules) {
      expect(parseHost(host)).toBe(host);
      for (const { method, prefix } of paths ?? []) {
        expect(method).toBe(method.toUpperCase());
        expect(parsePath(prefix)).toEqual({ path: prefix, ambiguous: false });
      }
    }
    for (const text of [...(agents.agents[0]?.networks ?? []), ...network.nat64]) {
      expect(parseCidr(text)).toMatchObject({ text });
    }
    for (const text of [...network.allowPrivate, ...network.deny]) {
      expect(parseCidrPort(text)).toHaveProperty('cidr');
    }
    const source = { mode: 'enforce', allow: rules, block: [], ...agents, network } as const;
    expect(() => compilePolicy(1, source)).not.toThrow();
    expect(JSON.parse(JSON.stringify(source))).toEqual(source);
  });

  it('isProblems() tells problems from rules, and an empty list of rules from problems', () => {
    expect(isProblems(allow('allow: []'))).toBe(false);
    expect(isProblems(allow('allow: [a.test]'))).toBe(false);
    expect(isProblems(allow('allow: [A.test]'))).toBe(true);
    expect(isProblems(parseMode('audit'))).toBe(false);
    expect(isProblems(parseMode(''))).toBe(true);
  });
});
