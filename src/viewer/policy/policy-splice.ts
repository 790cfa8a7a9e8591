// Changes the text of a YAML list where an item stands, so that every other line stays byte for byte
// what the operator wrote. Pure. What is not simple gives null: the caller compares what comes out
// with what was meant, and has another way.

import {
  Document,
  isMap,
  isPair,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLSeq,
} from 'yaml';

/** Where an item stands: keys and indexes from the top of the file. */
export type ItemPath = readonly (string | number)[];

/** How entries are written where a text is made from a model. */
export const FORMAT = { lineWidth: 0, flowCollectionPadding: false } as const;

/** The text with one more item at the end of the list that is the file's only content. */
export function spliceAppend(text: string, key: string, entry: unknown): string | null {
  const { contents } = parseDocument(text);
  if (!isMap(contents) || contents.items.length === 0) {
    return contents === null ? begun(text, key, entry) : null;
  }
  const list = contents.get(key, true);
  if (!isSeq(list)) {
    const at = endOfKey(text, contents, key);
    return at === null || (isMap(list) as boolean)
      ? null
      : withLines(text, at, blockOf(entry, '  '));
  }
  const last = list.items.at(-1) as Node | undefined;
  if (last === undefined) {
    const [start = 0, end = 0] = list.range ?? [];
    const before = text.slice(0, start).trimEnd();
    const without = before + text.slice(end);
    return withLines(without, before.length, blockOf(entry, '  '));
  }
  if (list.flow) {
    const at = endOf(last);
    return `${text.slice(0, at)}, ${flowOf(entry)}${text.slice(at)}`;
  }
  const indent = indentOf(text, last);
  return indent === null ? null : withLines(text, endOf(last), blockOf(entry, indent));
}

/** The text without one item of a list; a list that has no other becomes `[]`. */
export function spliceRemove(text: string, path: ItemPath): string | null {
  const document = parseDocument(text);
  const list = document.getIn(path.slice(0, -1), true);
  const index = Number(path.at(-1));
  if (!isSeq(list)) return null;
  const item = list.items[index] as Node | undefined;
  if (item?.range == null) return null;
  if (list.flow) return withoutFlowItem(text, list, index);
  if (indentOf(text, item) === null) return null;
  const start = text.lastIndexOf('\n', item.range[0] - 1) + 1;
  const rest = text.slice(0, start) + text.slice(endOfLine(text, endOf(item)));
  if (list.items.length > 1) return rest;
  const at = isMap(document.contents) ? endOfKey(text, document.contents, String(path[0])) : null;
  return at === null || path.length !== 2 ? null : `${rest.slice(0, at)} []${rest.slice(at)}`;
}

function begun(text: string, key: string, entry: unknown): string {
  const eol = eolOf(text);
  const gap = text === '' ? '' : eol.repeat(text.endsWith('\n') ? 1 : 2);
  return `${text}${gap}${key}:${eol}${blockOf(entry, '  ').replaceAll('\n', eol)}`;
}

function withoutFlowItem(text: string, list: YAMLSeq, index: number): string | null {
  const item = list.items[index] as Node;
  const start = item.range?.[0] ?? 0;
  let end = endOf(item);
  const next = list.items[index + 1] as Node | undefined;
  if (next !== undefined) {
    const between = text.slice(end, next.range?.[0] ?? end);
    end += between.includes('#') ? between.indexOf(',') + 1 : between.length;
    return text.slice(0, start) + text.slice(end);
  }
  const previous = list.items[index - 1] as Node | undefined;
  const from = previous === undefined ? start : endOf(previous);
  // A comment between them stays; the comma before it may, too.
  return text.slice(0, text.slice(from, start).includes('#') ? start : from) + text.slice(end);
}

/** What stands in front of the dash of a block item; null: something else does. */
function indentOf(text: string, item: Node): string | null {
  const start = item.range?.[0] ?? 0;
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /^( *)- +$/.exec(line)?.[1] ?? null;
}

/** Behind the last character that is the node's own: no comment, no blank line. */
function endOf(node: Node): number {
  const end = node.range?.[1] ?? 0;
  if (!(isMap(node) || isSeq(node)) || node.flow) return end;
  const last: unknown = node.items.at(-1);
  const inner = isPair(last) ? (last.value ?? last.key) : last;
  return inner === undefined || inner === null ? end : endOf(inner as Node);
}

function endOfKey(
  text: string,
  map: { readonly items: readonly { readonly key: unknown }[] },
  key: string,
): number | null {
  const found = map.items.map((pair) => pair.key as Node).find((node) => String(node) === key);
  const colon = text.indexOf(':', found?.range?.[1] ?? text.length);
  return colon < 0 ? null : colon + 1;
}

/** Lines put in behind the line that `at` is in. */
function withLines(text: string, at: number, lines: string): string {
  const eol = eolOf(text);
  const place = endOfLine(text, at);
  const gap = place > 0 && text[place - 1] !== '\n' ? eol : '';
  return text.slice(0, place) + gap + lines.replaceAll('\n', eol) + text.slice(place);
}

function endOfLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** As a person writes it: one member a line, short lists in brackets. */
function blockOf(entry: unknown, indent: string): string {
  const document = new Document([entry]);
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isSeq(value) && (String(key) === 'ports' || String(key) === 'agents')) value.flow = true;
    },
    Map: (_, map, above) => {
      if (above.length > 2) map.flow = true;
    },
  });
  return document.toString(FORMAT).replace(/^(?=.)/gm, indent);
}

function flowOf(entry: unknown): string {
  const document = new Document([entry]);
  if (isSeq(document.contents)) document.contents.flow = true;
  return document.toString(FORMAT).trim().slice(1, -1);
}
