// Two records → in what they differ: the facts, and the headers by name. Pure.

import type { Flow, Message } from '../../../store/flow.ts';
import { formatBytes, formatDuration, formatUtc } from '../../kit/format.ts';

type HeaderPairs = Message['headers'];

export type Difference = {
  readonly name: string;
  /** Null: it is not there. */
  readonly a: string | null;
  readonly b: string | null;
  readonly kind: 'same' | 'changed' | 'removed' | 'added';
};

/** The facts of both; those that differ first. */
export function compareFacts(a: Flow, b: Flow): Difference[] {
  const [left, right] = [facts(a), facts(b)];
  const all = left.map(([name, value], index) => pair(name, value, right[index]?.[1] ?? ''));
  return all
    .filter(({ a: x, b: y }) => x !== null || y !== null)
    .sort((x, y) => Number(x.kind === 'same') - Number(y.kind === 'same'));
}

/** Headers by name: values of the same name are compared in their order. */
export function compareHeaders(a: HeaderPairs, b: HeaderPairs): Difference[] {
  const [left, right] = [byName(a), byName(b)];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  return names.flatMap((name) => {
    const [mine, theirs] = [left.get(name) ?? [], right.get(name) ?? []];
    const count = Math.max(mine.length, theirs.length);
    return Array.from({ length: count }, (_, index) => ({
      name,
      a: mine[index] ?? null,
      b: theirs[index] ?? null,
      kind: kindOf(mine[index] ?? null, theirs[index] ?? null),
    }));
  });
}

function facts({ row, fields, request, response }: Flow): [string, string][] {
  const number = (value: number | null) => (value === null ? '' : String(value));
  return [
    ['Time', formatUtc(row.ts)],
    ['Client', row.client],
    ['Agent', row.agent],
    ['Decision', row.class],
    ['Reason', row.reason],
    ['Rule', row.rule],
    ['Policy', typeof fields.policy === 'number' ? `version ${fields.policy}` : ''],
    ['Method', row.method],
    ['URL', row.url],
    ['Host', row.host],
    ['Port', number(row.port)],
    ['Status', number(row.status)],
    ['Upstream IP', typeof fields.upstream_ip === 'string' ? fields.upstream_ip : ''],
    ['Sent', formatBytes(row.req_bytes)],
    ['Received', formatBytes(row.bytes)],
    ['Took', row.duration_ms === null ? '' : formatDuration(row.duration_ms)],
    ['Hash of the request body', request.body.sha256],
    ['Hash of the response body', response.body.sha256],
  ];
}

function pair(name: string, x: string, y: string): Difference {
  const [a, b] = [x === '' ? null : x, y === '' ? null : y];
  return { name, a, b, kind: kindOf(a, b) };
}

function kindOf(a: string | null, b: string | null): Difference['kind'] {
  if (a === b) return 'same';
  if (a === null) return 'added';
  return b === null ? 'removed' : 'changed';
}

function byName(headers: HeaderPairs): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    map.set(key, [...(map.get(key) ?? []), value]);
  }
  return map;
}
