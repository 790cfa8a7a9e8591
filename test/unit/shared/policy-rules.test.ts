import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/shared/limits.ts';
import {
  type Names,
  parseAgentName,
  RULE_FILES,
  readRules,
} from '../../../src/shared/policy-rules.ts';
import type { Rule } from '../../../src/shared/policy-source.ts';
import { Report, type Tree } from '../../../src/shared/policy-tree.ts';

const at = { line: 7, column: 3 };
const NAMES: Names = {
  isPublicSuffix: (host) => host === 'com' || host === 'github.io',
  toAscii: (name) => (name === 'bücher.test' ? 'xn--bcher-kva.test' : ''),
};

/** A plain value as the tree that a file would give. */
function toTree(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map(toTree) };
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', at, value };
  const entries = Object.entries(value).map(([name, each]) => ({
    name,
    nameAt: at,
    value: toTree(each),
  }));
  return { kind: 'map', at, entries };
}

type File = keyof typeof RULE_FILES;

function read(file: File, ...entries: unknown[]): { rules: Rule[]; problems: string[] } {
  const report = new Report(file);
  const kind = RULE_FILES[file];
  const rules = readRules(toTree({ [kind.list]: entries }), kind, NAMES, report);
  return { rules, problems: report.problems.map(({ message }) => message) };
}

function ruleOf(entry: unknown, file: File = 'enforce.yaml'): Rule | undefined {
  const { rules, problems } = read(file, entry);
  expect(problems).toEqual([]);
  return rules[0];
}

describe('readRules()', () => {
  it('readRules() fills in what an entry leaves out: port 443 to allow, any port to block', () => {
    const rest = {
      host: 'api.test',
      subdomains: true,
      paths: null,
      agents: null,
      private: false,
      expiresAtMs: null,
      reason: '',
    };
    const text = (file: File) => `${file}:7 api.test`;
    expect(ruleOf('api.test')).toEqual({ ...rest, ports: [443], text: text('enforce.yaml') });
    expect(ruleOf('api.test', 'blocklist.yaml')).toEqual({
      ...rest,
      ports: null,
      text: text('blocklist.yaml'),
    });
  });

  it('readRules() reads every key', () => {
    const entry = {
      host: '*.api.test',
      ports: [443, 8443],
      subdomains: true,
      paths: [{ method: 'get', prefix: '/repos/' }, { method: 'POST' }, { prefix: '/a%20b' }],
      agents: ['ci'],
      private: true,
      expires: '2030-01-31',
      reason: 'why',
    };
    expect(ruleOf(entry)).toEqual({
      ...entry,
      host: 'api.test',
      paths: [
        { method: 'GET', prefix: '/repos/' },
        { method: 'POST', prefix: '' },
        { method: '', prefix: '/a%20b' },
      ],
      expires: undefined,
      expiresAtMs: Date.UTC(2030, 0, 31),
      text: 'enforce.yaml:7 *.api.test',
    });
  });

  it.each(['1.2.3.4', '::1', 'localhost', 'foo_bar.test', 'xn--bcher-kva.test'])(
    'readRules() reads the host %j as it stands',
    (name) => {
      expect(ruleOf(name)?.host).toBe(name);
    },
  );

  it.each([
    ['*', 'would match every host: name the hosts, or set the mode to audit'],
    ['*.', 'would match every host'],
    ['*.*', 'would match every host'],
    ['*.*.a.test', 'has a "*" inside'],
    ['a.*.test', 'has a "*" inside'],
    ['*a.test', 'has a "*" inside'],
    ['API.test', 'is not in normal form: write "api.test"'],
    ['api.test.', 'is not in normal form: write "api.test"'],
    ['127.1', 'is not in normal form: write "127.0.0.1"'],
    ['[::1]', 'is not in normal form: write "::1"'],
    ['::ffff:1.2.3.4', 'is not in normal form: write "1.2.3.4"'],
    ['https://api.test/x', 'is a URL: write the host alone, "api.test", and its path under paths'],
    ['api.test/x', 'has a path: write the host alone and the path under paths'],
    ['10.0.0.0/8', 'is an IP range'],
    ['api.test:8443', 'has a port: write host: "api.test" with ports: [8443]'],
    ['bücher.test', 'is not plain ASCII: write "xn--bcher-kva.test"'],
    ['ｅ.test', 'is not plain ASCII: use A-labels (xn--)'],
    ['a b', 'is not a host'],
    ['', 'would match every host'],
    ['*.1.2.3.4', 'is an IP address, which has no subdomains'],
    ['com', 'is a public suffix'],
    ['*.github.io', 'is a public suffix'],
  ])('readRules() refuses the host %j and says: %s', (name, message) => {
    const { rules, problems } = read('enforce.yaml', name);
    expect(rules).toEqual([]);
    expect(problems).toEqual([expect.stringContaining(message)]);
  });

  it('readRules() takes a public suffix with subdomains: false, and no wildcard with it', () => {
    expect(ruleOf({ host: 'github.io', subdomains: false })).toMatchObject({ host: 'github.io' });
    expect(read('enforce.yaml', { host: '*.a.test', subdomains: false }).problems).toEqual([
      '"*.a.test" contradicts subdomains: false: write "a.test"',
    ]);
  });

  it.each([
    [{ ports: [] }, 'ports must be a list'],
    [{ ports: 443 }, 'ports must be a list'],
    [{ ports: null }, 'ports must be a list'],
    [{ ports: ['443'] }, 'ports must be 1-65535, got 443'],
    [{ ports: [0] }, 'ports must be 1-65535, got 0'],
    [{ ports: [65_536] }, 'ports must be 1-65535, got 65536'],
    [{ ports: [443.5] }, 'ports must be 1-65535, got 443.5'],
    [{ ports: [[443]] }, 'ports must be 1-65535, got a list'],
    [{ paths: [] }, 'paths must be a list'],
    [{ paths: null }, 'paths must be a list'],
    [{ paths: ['/a'] }, 'an entry of paths must be a map'],
    [{ paths: [{}] }, 'an entry of paths must have a method or a prefix'],
    [{ paths: [{ method: 'GET POST' }] }, 'method must be one word'],
    [{ paths: [{ method: '' }] }, 'method must be one word'],
    [{ paths: [{ prefix: '' }] }, 'it must begin with "/"'],
    [{ paths: [{ prefix: '*' }] }, 'it must begin with "/"'],
    [{ paths: [{ prefix: '/a?b' }] }, 'has a query: write "/a"'],
    [{ paths: [{ prefix: '/a b' }] }, 'is not a path'],
    [{ paths: [{ prefix: '/a%2fb' }] }, 'can be read in several ways'],
    [{ paths: [{ prefix: '/a//b' }] }, 'is not in normal form: write "/a/b"'],
    [{ paths: [{ prefix: '/%61' }] }, 'is not in normal form: write "/a"'],
    [{ agents: [] }, 'agents must name at least one agent'],
    [{ agents: null }, 'agents must name at least one agent'],
    [{ agents: ['a b'] }, 'agent name "a b" must be'],
    [{ private: 'yes' }, 'private must be true or false'],
    [{ subdomains: null }, 'subdomains must be true or false'],
    [{ reason: 5 }, 'reason must be text: put it in quotes'],
    [{ reason: 'x'.repeat(501) }, 'reason has at most 500 characters'],
    [{ port: [443] }, 'unknown key "port"'],
  ])('readRules() refuses %j and says: %s', (keys, message) => {
    expect(read('enforce.yaml', { host: 'a.test', ...keys }).problems).toEqual([
      expect.stringContaining(message),
    ]);
  });

  it.each([
    ['2030-01-31', Date.UTC(2030, 0, 31)],
    ['2028-02-29', Date.UTC(2028, 1, 29)],
    ['2030-01-31T18:00Z', Date.UTC(2030, 0, 31, 18)],
    ['2030-01-31T18:00:01Z', Date.UTC(2030, 0, 31, 18, 0, 1)],
    ['2030-01-31T18:00:00+02:00', Date.UTC(2030, 0, 31, 16)],
  ])('readRules() reads expires %j', (expires, expected) => {
    expect(ruleOf({ host: 'a.test', expires })?.expiresAtMs).toBe(expected);
  });

  it.each([
    '2030-02-30',
    '2029-02-29',
    '2030-13-01',
    '2030-00-10',
    '2030-01-00',
    '2030-1-1',
    '2030-01-31T18:00:00',
    '2030-01-31T24:00:00Z',
    '2030-01-31 18:00',
    'never',
    '',
    null,
    20_300_131,
  ])('readRules() refuses expires %j: an entry must not live for ever by mistake', (expires) => {
    expect(read('enforce.yaml', { host: 'a.test', expires }).problems).toEqual([
      expect.stringContaining('expires must be a date'),
    ]);
  });

  it('readRules() refuses private and expires in the block list, where they would open', () => {
    expect(read('blocklist.yaml', { host: 'a.test', private: true }).problems).toEqual([
      expect.stringContaining('unknown key "private"'),
    ]);
    expect(read('blocklist.yaml', { host: 'a.test', expires: '2030-01-01' }).problems).toEqual([
      expect.stringContaining('unknown key "expires"'),
    ]);
  });

  it.each([
    [{}, 'an entry must have a host'],
    [{ ports: [443] }, 'an entry must have a host'],
    [{ host: 5 }, 'host must be text: put it in quotes'],
    [{ host: null }, 'host must be text'],
    [5, 'host must be text: put it in quotes'],
    [null, 'host must be text'],
    [['a.test'], 'an entry must be a map'],
  ])('readRules() refuses the entry %j and says: %s', (entry, message) => {
    const { rules, problems } = read('enforce.yaml', entry);
    expect(rules).toEqual([]);
    expect(problems).toEqual([expect.stringContaining(message)]);
  });

  it('readRules() reports every mistake of every entry', () => {
    const { problems } = read(
      'enforce.yaml',
      'A.test',
      { host: 'b.test', ports: [0], oops: 1 },
      '*',
    );
    expect(problems).toHaveLength(4);
  });

  it('readRules() refuses a list of more entries than a worker is sent', () => {
    const tooMany = new Array<string>(LIMITS.policyRules + 1).fill('a.test');
    expect(read('enforce.yaml', ...tooMany).problems).toEqual([
      `allow has at most ${LIMITS.policyRules} entries`,
    ]);
  });
});

describe('readRules() with several entries', () => {
  it('readRules() refuses the same entry twice, not several of one host', () => {
    const twice = read('enforce.yaml', { host: 'a.test' }, 'b.test', 'a.test');
    expect(twice.problems).toEqual(['"a.test" stands in line 7 already, the same: delete one']);
    const other = { host: 'a.test', reason: 'the same for another reason' };
    expect(read('enforce.yaml', 'a.test', other).problems).toHaveLength(1);
    expect(read('enforce.yaml', 'a.test', { host: 'a.test', ports: [22] }).problems).toEqual([]);
  });
});

describe('parseAgentName()', () => {
  it.each(['ci', '9', 'a.b_c@d-e', 'x'.repeat(64)])('parseAgentName() reads %j', (name) => {
    expect(parseAgentName(name)).toBe(name);
  });

  it.each(['', '-a', '.a', 'a b', 'a:b', 'a\n', 'ü', 'x'.repeat(65)])(
    'parseAgentName() refuses %j',
    (name) => {
      expect(parseAgentName(name)).toHaveProperty('problem');
    },
  );
});
