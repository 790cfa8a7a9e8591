import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProblems, parseRules } from '../../../../src/shared/policy-file.ts';
import { addEntries, removeEntries } from '../../../../src/viewer/policy/policy-edit.ts';
import { spliceAppend, spliceRemove } from '../../../../src/viewer/policy/policy-splice.ts';

/** An entry in one of the ways in which people write it. */
const SHAPES = [
  (host: string) => [`- ${host}`],
  (host: string) => [`-   "${host}"    # odd   spaces`],
  (host: string) => [`- { host: ${host},  ports: [ 443 , 8443 ] } # ports`],
  (host: string) => [`- host: ${host}   # name`, '  # inside', '  paths:', '    - {method: GET}'],
  (host: string) => [`- host:   ${host}`, '  reason: |', '    two', '    lines'],
  (host: string) => [`- host: ${host}`, '  agents:', '  - ci', '', '  - builder'],
];
const AROUND = [[], [''], ['  # about  the next'], ['# at the left', ''], ['', '  # a', '']];

const file = fc
  .record({
    items: fc.array(fc.record({ shape: fc.nat(SHAPES.length - 1), around: fc.nat(4) }), {
      minLength: 1,
      maxLength: 6,
    }),
    indent: fc.constantFrom('', '  ', '    '),
    eol: fc.constantFrom('\n', '\r\n'),
    head: fc.constantFrom([], ['# head'], ['---'], ['# a', '', '# b']),
    key: fc.constantFrom('allow:', 'allow:   # who'),
    tail: fc.constantFrom([], ['# tail'], ['', '  # tail']),
  })
  .map(({ items, indent, eol, head, key, tail }) => {
    const blocks = items.map(({ shape, around }, n) => {
      const lines = SHAPES[shape]?.(`h${n}.test`) ?? [];
      return { around: AROUND[around] ?? [], lines: lines.map((l) => (l ? indent + l : l)) };
    });
    const text = (without = -1, more: readonly string[] = []) => {
      const kept = blocks.flatMap(({ around, lines }, n) => [
        ...around,
        ...(n === without ? [] : lines),
        ...(n === blocks.length - 1 ? more : []),
      ]);
      const first = without === 0 && blocks.length === 1 ? key.replace(':', ': []') : key;
      return [...head, first, ...kept, ...tail, ''].join(eol);
    };
    return { text, count: blocks.length, indent };
  });

describe('an edit of a list', () => {
  it('removing takes the lines of the entry, and leaves all others byte for byte', () => {
    fc.assert(
      fc.property(file, fc.nat(5), ({ text, count }, pick) => {
        const at = pick % count;
        const edited = removeEntries('enforce.yaml', text(), [{ host: `h${at}.test` }]);
        expect(edited).toEqual({ text: text(at), changed: true });
      }),
      { numRuns: 100 },
    );
  });

  it('adding puts lines behind the last entry, and leaves all others byte for byte', () => {
    fc.assert(
      fc.property(file, ({ text, indent }) => {
        const specs = [{ host: 'new.test' }, { host: 'port.test', port: 8443, agents: ['ci'] }];
        const edited = addEntries('enforce.yaml', text(), specs);
        const more = ['- new.test', '- host: port.test', '  ports: [8443]', '  agents: [ci]'].map(
          (line) => indent + line,
        );
        expect(edited).toEqual({ text: text(-1, more), changed: true });
      }),
      { numRuns: 100 },
    );
  });

  it('adding and removing the same entry gives the file back, byte for byte', () => {
    fc.assert(
      fc.property(file, ({ text }) => {
        const spec = { host: 'new.test', scope: 'path', method: 'GET', prefix: '/v1/' } as const;
        const added = addEntries('enforce.yaml', text(), [spec]);
        const longer = 'text' in added ? added.text : '';
        expect(isProblems(parseRules('enforce.yaml', longer))).toBe(false);
        const removed = removeEntries('enforce.yaml', longer, [{ host: 'new.test' }]);
        expect('text' in removed && removed.text).toBe(text());
      }),
      { numRuns: 60 },
    );
  });
});

describe('lists in brackets', () => {
  it.each([
    ['allow: [ a.test,  b.test ] # both\n', 'b.test', 'allow: [ a.test ] # both\n'],
    ['allow: [ a.test,  b.test ] # both\n', 'a.test', 'allow: [ b.test ] # both\n'],
    ['allow: [a.test]\n', 'a.test', 'allow: []\n'],
    [
      'allow: [\n  a.test, # one\n  b.test # two\n]\n',
      'a.test',
      'allow: [\n   # one\n  b.test # two\n]\n',
    ],
    ['{"allow": ["a.test", {"host": "b.test"}]}', 'b.test', '{"allow": ["a.test"]}'],
  ])('%j loses %s in its place', (text, host, expected) => {
    expect(removeEntries('enforce.yaml', text, [{ host }])).toEqual({
      text: expected,
      changed: true,
    });
  });

  it.each([
    ['allow: [ a.test ] # both\n', 'allow: [ a.test, n.test ] # both\n'],
    ['{"allow": ["a.test"]}', '{"allow": ["a.test", n.test]}'],
    ['allow: [] # none yet\n', 'allow: # none yet\n  - n.test\n'],
    ['allow:\n# nothing\n', 'allow:\n  - n.test\n# nothing\n'],
    ['allow:\n  - a.test', 'allow:\n  - a.test\n  - n.test\n'],
  ])('%j gets an entry in its place', (text, expected) => {
    expect(addEntries('enforce.yaml', text, [{ host: 'n.test' }])).toEqual({
      text: expected,
      changed: true,
    });
  });

  it('an address of IPv6 is quoted where brackets need it', () => {
    const edited = addEntries('enforce.yaml', 'allow: [a.test]\n', [{ host: '2606:4700::1' }]);
    const text = 'text' in edited ? edited.text : '';
    expect(parseRules('enforce.yaml', text)).toMatchObject([{}, { host: '2606:4700::1' }]);
  });
});

describe('removing by line', () => {
  it('takes the entry that begins there, of several for one host', () => {
    const text = 'allow:\n  - a.test # one\n  # note\n  - {host: a.test, ports: [22]}\n';
    const edited = removeEntries('enforce.yaml', text, [{ host: 'a.test', line: 4 }]);
    expect(edited).toEqual({ text: 'allow:\n  - a.test # one\n  # note\n', changed: true });
    expect(removeEntries('enforce.yaml', text, [{ host: 'a.test', line: 3 }])).toMatchObject({
      changed: false,
    });
  });
});

describe('what is not simple', () => {
  it('gives null, and the edit is made from the model', () => {
    const text = 'allow:\n  -\n    host: a.test\n  - b.test\n';
    expect(spliceRemove(text, ['allow', 0])).toBeNull();
    const edited = removeEntries('enforce.yaml', text, [{ host: 'a.test' }]);
    expect(edited).toEqual({ text: 'allow:\n  - b.test\n', changed: true });
    expect(spliceAppend('[a]', 'allow', 'b.test')).toBeNull();
  });
});
