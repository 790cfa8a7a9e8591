import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../../../src/shared/query.ts';
import {
  applyOption,
  type Option,
  optionsAt,
  placeAt,
} from '../../../../../src/viewer/ui/query/complete.ts';

/** `|` is the caret. */
function at(marked: string) {
  const caret = marked.indexOf('|');
  const text = marked.replace('|', '');
  return { text, place: placeAt(text, caret) };
}

function pick(marked: string, label: string, counts: { value: string; count: number }[] = []) {
  const { text, place } = at(marked);
  const option = optionsAt(place, counts).find((each) => each.label === label) as Option;
  const next = applyOption(text, place, option);
  return `${next.text.slice(0, next.caret)}|${next.text.slice(next.caret)}`;
}

describe('placeAt', () => {
  it.each([
    ['ho|', { field: null, typed: 'ho', start: 0, end: 2 }],
    ['a -ho|', { field: null, typed: 'ho', start: 3, end: 5 }],
    ['a | b', { field: null, typed: '', start: 2, end: 2 }],
    ['host:|', { field: 'host', typed: '', start: 5, end: 5 }],
    ['ho|st:a', { field: null, typed: 'ho', start: 0, end: 5 }],
    ['host:gi|t b', { field: 'host', typed: 'gi', start: 5, end: 8 }],
    ['-host:a,b|c,d', { field: 'host', typed: 'b', start: 8, end: 10 }],
    ['agent:"a b|', { field: 'agent', typed: 'a b', start: 6, end: 10 }],
    ['agent:"a, b",c|', { field: 'agent', typed: 'c', start: 13, end: 14 }],
    ['status:>=4|', { field: 'status', typed: '>=4', start: 7, end: 10 }],
    ['none:a|', { field: null, typed: 'none:a', start: 0, end: 6 }],
  ])('placeAt knows what is completed in %s', (marked, expected) => {
    expect(at(marked).place).toEqual(expected);
  });

  it('placeAt is inside the text, for any text and caret', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.nat(40), (text, raw) => {
        const caret = Math.min(raw, text.length);
        const { start, end } = placeAt(text, caret);
        return 0 <= start && start <= end && end <= text.length;
      }),
    );
  });
});

describe('optionsAt', () => {
  it('offers the fields that begin like this, with what they take', () => {
    const options = optionsAt(at('s|').place, []);
    expect(options.map(({ label }) => label)).toEqual(['status:', 'sent:', 'since:']);
    expect(options[0]?.hint).toBe('takes 200, 4xx or >=400');
  });

  it('puts the numbers of the log to the values that are known, and adds the others', () => {
    const counts = [
      { value: '404', count: 3 },
      { value: '', count: 9 },
    ];
    const options = optionsAt(at('status:4|').place, counts);
    expect(options.map(({ label, count }) => [label, count])).toEqual([
      ['4xx', null],
      ['404', 3],
    ]);
    const classes = optionsAt(at('class:b|').place, [{ value: 'blocked', count: 2 }]);
    expect(classes.map(({ label, count }) => [label, count])).toEqual([['blocked', 2]]);
  });
});

describe('applyOption', () => {
  it.each([
    ['ho|', 'host:', 'host:|'],
    ['-ho| b', 'host:', '-host:| b'],
    ['ho|st:a b', 'host:', 'host:|a b'],
    ['status:>|=4', '>=400', 'status:>=400 |'],
    ['class:allowed,bl|', 'blocked', 'class:allowed,blocked |'],
    ['class:bl| a', 'blocked', 'class:blocked| a'],
  ])('applyOption completes %s by %s', (marked, label, expected) => {
    expect(pick(marked, label)).toBe(expected);
  });

  it('quotes a value that would be something else', () => {
    const value = 'two words, "quoted"';
    const text = pick('agent:tw|', value, [{ value, count: 1 }]).replace('|', '');
    expect(parseQuery(text).terms).toMatchObject([{ field: 'agent', values: [value] }]);
  });

  it('puts an earlier query in the place of the whole text', () => {
    const option = { kind: 'query', label: 'a', hint: '', count: null, insert: 'a b' } as const;
    expect(applyOption('', placeAt('', 0), option)).toEqual({ text: 'a b', caret: 3 });
  });
});
