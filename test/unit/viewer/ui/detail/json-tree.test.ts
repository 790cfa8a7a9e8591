import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Extents,
  firstOpened,
  type JsonNode,
  MAX_LINES,
  membersOf,
  type Opened,
  rootOf,
  treeLines,
} from '../../../../../src/viewer/ui/detail/body/json-tree.ts';

const root = (text: string) => rootOf(text) as JsonNode;
const shown = (text: string, node: JsonNode) =>
  `${node.name ?? ''}=${text.slice(node.start, node.end)}`;
const members = (text: string) =>
  membersOf(text, root(text), 1000).map((node) => shown(text, node));

describe('membersOf()', () => {
  it.each([
    ['{"a":1,"b":[1,2],"c":{"d":"x,}"}}', ['"a"=1', '"b"=[1,2]', '"c"={"d":"x,}"}']],
    [' [ 1 , "two" , null ] ', ['=1', '="two"', '=null']],
    ['{"a\\"b":"\\\\"}', ['"a\\"b"="\\\\"']],
    ['{"a":1,"a":2}', ['"a"=1', '"a"=2']],
    ['[12345678901234567890.10]', ['=12345678901234567890.10']],
    ['{"__proto__":{"x":1},"constructor":2}', ['"__proto__"={"x":1}', '"constructor"=2']],
    ['[]', []],
    ['{}', []],
    ['{"a":1,"b":"cut he', ['"a"=1', '"b"="cut he']],
    ['{"a":[1,2', ['"a"=[1,2']],
    ['{"a":', ['"a"=']],
    ['[1,,2]', ['=1', '=', '=2']],
  ])('membersOf() reads %s', (text, expected) => {
    expect(members(text)).toEqual(expected);
  });

  it('membersOf() counts what is directly inside, and says what is cut', () => {
    expect(root('{"a":[1,2,3],"b":{}}')).toMatchObject({ kind: 'object', count: 2, isCut: false });
    expect(root('[[],[1,[2]],{}')).toMatchObject({ count: 3, isCut: true });
    const text = '["whole","cut';
    expect(membersOf(text, root(text), 9).map(({ isCut }) => isCut)).toEqual([false, true]);
  });

  it('rootOf() is null where the text is more than one value', () => {
    expect(rootOf('')).toBeNull();
    expect(rootOf('{"a":1}\n{"b":2}')).toBeNull();
  });
});

describe('treeLines()', () => {
  it('treeLines() shows closed containers in one line, and open ones with their members', () => {
    const text = '{"a":{"b":1},"c":2}';
    const lines = (opened: Opened) =>
      treeLines(text, root(text), opened).lines.map((line) => `${line.depth}${line.type}`);
    expect(lines(new Map())).toEqual(['0node']);
    expect(lines(new Map([[0, 100]]))).toEqual(['0node', '1node', '1node', '0end']);
    expect(
      lines(
        new Map([
          [0, 100],
          [5, 100],
        ]),
      ),
    ).toEqual(['0node', '1node', '2node', '1end', '1node', '0end']);
    expect(lines(new Map([[0, 1]]))).toEqual(['0node', '1node', '1more', '0end']);
  });

  it('treeLines() says how many members it does not show', () => {
    const text = JSON.stringify(Array.from({ length: 1000 }, (_, n) => n));
    const { lines } = treeLines(text, root(text), new Map([[0, 100]]));
    expect(lines).toHaveLength(103);
    expect(lines.at(-2)).toMatchObject({ type: 'more', hidden: 900 });
  });

  it('treeLines() gives no more lines than a page can hold, whatever is opened', () => {
    const text = JSON.stringify(Array.from({ length: 20_000 }, () => [1]));
    const { lines, isCut } = treeLines(text, root(text), new Map([[0, 1e9]]));
    expect({ length: lines.length, isCut }).toEqual({ length: MAX_LINES, isCut: true });
  });

  it('a tree of 50 MB and one of a depth of 100,000 take no long time and no stack', () => {
    const started = performance.now();
    const wide = `[${Array.from({ length: 500_000 }, (_, n) => `{"n":${n},"t":"${'x'.repeat(90)}"}`).join(',')}]`;
    expect(wide.length).toBeGreaterThan(48 * 1024 * 1024);
    const made = performance.now();
    const first = firstOpened(wide, root(wide));
    expect(treeLines(wide, root(wide), first).lines.length).toBeLessThan(MAX_LINES);
    expect(root(wide).count).toBe(500_000);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const all = new Map(Array.from({ length: 50 }, (_, n) => [n, 100]));
    expect(treeLines(deep, root(deep), all).lines).toHaveLength(101);
    expect(treeLines(deep, root(deep), firstOpened(deep, root(deep))).isCut).toBe(false);
    const objects = `${'{"a":'.repeat(100_000)}1`;
    expect(root(objects)).toMatchObject({ count: 1, isCut: true });
    expect(performance.now() - made).toBeLessThan(Math.max(8000, 6 * (made - started)));
  });

  it.each([
    ['[', '[', ']'],
    ['[ that is cut off', '[', ''],
    ['members', '{"a":', '}'],
    ['neighbours', '[[0],', ''],
  ])(
    'a text of 4 MB that is nothing but deep (%s) is read a few times, not once for each line',
    (_, open, close) => {
      const times = 4_000_000 / (open.length + close.length);
      const text = open.repeat(times) + close.repeat(times);
      const started = performance.now();
      root(text);
      const once = performance.now() - started;
      const extents: Extents = new Map();
      const top = rootOf(text, extents) as JsonNode;
      const opened = firstOpened(text, top, 1000, extents);
      expect(opened.size).toBeGreaterThan(10);
      const { lines } = treeLines(text, top, opened, extents);
      expect(lines.length).toBeGreaterThan(20);
      for (let click = 0; click < 5; click += 1) treeLines(text, top, opened, extents);
      // Opened by hand beyond all that is remembered.
      const deep = new Map(Array.from({ length: 100_000 }, (_, n) => [n * open.length, 100]));
      expect(treeLines(text, top, deep, extents).isCut).toBe(true);
      expect(treeLines(text, top, deep).lines.length).toBe(MAX_LINES);
      expect(performance.now() - started).toBeLessThan(Math.max(500, 15 * once));
    },
  );

  it('what is remembered of a text says the same as the text, also of what is inside', () => {
    const node: fc.Arbitrary<string> = fc.string({
      unit: fc.constantFrom(...'[]{},:"1 \\'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(node, (text) => {
        const extents: Extents = new Map();
        rootOf(`[${text}`, extents);
        for (const [start, extent] of extents) {
          const alone = rootOf(`[${text}`.slice(start, extent.end));
          expect(alone).toMatchObject({ count: extent.count, end: extent.end - start });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('firstOpened() opens level by level what fits a screen', () => {
    const small = '{"a":{"b":{"c":1}}}';
    expect([...firstOpened(small, root(small)).keys()]).toEqual([0, 5, 10]);
    const big = JSON.stringify({ list: Array.from({ length: 500 }, (_, n) => n), one: { x: 1 } });
    const text = big;
    const opened = firstOpened(text, root(text));
    expect(opened.has(0)).toBe(true);
    expect(opened.has(text.indexOf('['))).toBe(false);
    expect(opened.has(text.indexOf('{"x"'))).toBe(true);
  });
});
