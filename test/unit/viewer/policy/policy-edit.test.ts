import { describe, expect, it } from 'vitest';
import { isProblems, parseRules } from '../../../../src/shared/policy-file.ts';
import {
  addEntries,
  type EntrySpec,
  removeEntries,
} from '../../../../src/viewer/policy/policy-edit.ts';

const TEXT = `# who may go where
allow:
  # code
  - github.com # all of it
  - host: api.test
    paths:
      - {method: GET, prefix: /v1/}
      - {method: POST}
  - {host: odd.test, ports: [8443]}
`;

const add = (text: string, spec: EntrySpec) => addEntries('enforce.yaml', text, [spec]);
const remove = (text: string, spec: EntrySpec) => removeEntries('enforce.yaml', text, [spec]);
const textOf = (edited: ReturnType<typeof add>) => ('text' in edited ? edited.text : '');

describe('addEntries()', () => {
  it('keeps comments and what else stands there', () => {
    const text = textOf(add(TEXT, { host: 'new.test' }));
    expect(text).toBe(`${TEXT}  - new.test\n`);
  });

  it.each([
    ['', 'allow:\n  - a.test\n'],
    ['allow: []\n', 'allow:\n  - a.test\n'],
    ['# empty\n', '# empty\n\nallow:\n  - a.test\n'],
  ])('begins the list in %j', (text, expected) => {
    expect(textOf(add(text, { host: 'a.test' }))).toBe(expected);
  });

  it('writes what is asked for, and leaves out what is the default', () => {
    const spec: EntrySpec = {
      host: 'a.test',
      port: 8443,
      scope: 'path',
      method: 'GET',
      prefix: '/v1/',
      private: true,
      subdomains: false,
      agents: ['ci'],
      expires: '2030-01-31',
    };
    const rules = parseRules('enforce.yaml', textOf(add('', spec)));
    expect(rules).toMatchObject([
      {
        host: 'a.test',
        ports: [8443],
        subdomains: false,
        paths: [{ method: 'GET', prefix: '/v1/' }],
        agents: ['ci'],
        private: true,
      },
    ]);
    expect(textOf(add('', { host: 'a.test', port: 443 }))).toBe('allow:\n  - a.test\n');
    const blocked = addEntries('blocklist.yaml', '', [{ host: 'a.test', port: 443 }]);
    expect(textOf(blocked)).toContain('ports:');
  });

  it('changes nothing where the entry is there', () => {
    expect(add(TEXT, { host: 'github.com' })).toEqual({ text: TEXT, changed: false });
  });

  it.each([
    [{ host: 'GitHub.com' }, 'write \\"github.com\\"'],
    [{ host: '*' }, 'would match every host'],
    [{ host: 'co.uk' }, 'public suffix'],
    [{ host: 'https://a.test/' }, 'is a URL'],
    [{ host: 'a.test', scope: 'path', prefix: 'v1' }, 'must begin with'],
    [{ host: 'a.test', expires: 'soon' }, 'must be a date'],
  ] as const)('refuses %j, as the parser of the file does', (spec, problem) => {
    const edited = add(TEXT, spec);
    expect(JSON.stringify(edited)).toContain(problem);
    expect(edited).not.toHaveProperty('text');
  });

  it('refuses to touch a file that has a mistake', () => {
    expect(add('allow: [A.test]', { host: 'b.test' })).toEqual({
      problem: expect.stringMatching(/^mend the file first: line 1, column 9: /),
    });
  });
});

describe('removeEntries()', () => {
  it('takes the entries of a host out, and leaves the others', () => {
    const text = textOf(remove(TEXT, { host: 'github.com' }));
    expect(text).not.toContain('github.com');
    expect(text).toContain('api.test');
    expect(text).toContain('# who may go where');
  });

  it('takes out only the entry of a port, where one is given', () => {
    const two = 'allow:\n  - odd.test\n  - {host: odd.test, ports: [8443]}\n';
    expect(textOf(remove(two, { host: 'odd.test', port: 8443 }))).toBe('allow:\n  - odd.test\n');
    expect(textOf(remove(two, { host: 'odd.test', port: 443 }))).not.toMatch(/- odd.test$/m);
    expect(remove(two, { host: 'odd.test', port: 22 })).toMatchObject({ changed: false });
    const list = 'allow:\n  - {host: odd.test, ports: [443, 8443]}\n';
    expect(textOf(remove(list, { host: 'odd.test', port: 443 }))).toBe(
      'allow:\n  - {host: odd.test, ports: [8443]}\n',
    );
  });

  it('takes one path out, and the entry with its last path', () => {
    const one = textOf(remove(TEXT, { host: 'api.test', scope: 'path', method: 'post' }));
    expect(one).toContain('/v1/');
    const none = remove(one, { host: 'api.test', scope: 'path', method: 'GET', prefix: '/v1/' });
    expect(textOf(none)).not.toContain('api.test');
    expect(isProblems(parseRules('enforce.yaml', textOf(none)))).toBe(false);
  });

  it('leaves an empty list that is valid', () => {
    expect(textOf(remove('allow:\n  - a.test\n', { host: 'a.test' }))).toBe('allow: []\n');
  });

  it('changes nothing where there is no such entry', () => {
    expect(remove(TEXT, { host: 'none.test' })).toEqual({ text: TEXT, changed: false });
  });

  it('what an edit returns is valid: it was read again by the parser', () => {
    for (const spec of [{ host: 'github.com' }, { host: 'api.test' }, { host: 'odd.test' }]) {
      expect(isProblems(parseRules('enforce.yaml', textOf(remove(TEXT, spec))))).toBe(false);
    }
  });
});
