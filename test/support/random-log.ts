// Logs of every sort of record for property tests: flows that end, run, or are cut into parts, in several
// segments, some of them compressed, some damaged, with lines that are no records between them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { compressSegment, damageMember } from './compress-segment.ts';
import { logLine } from './log-line.ts';

const HOSTS = ['api.test', 'git.api.test', 'evil.test', '10.0.0.9', '', 'x'.repeat(300)];
const host = fc.constantFrom(...HOSTS);
const client = fc.constantFrom('10.0.0.1', '10.0.0.2', '::1');
const header = fc.constantFrom(
  ['X-Trace', 'Abc "q" ü'],
  ['Server', 'NGINX'],
  ['authorization', 'Bearer token-1'],
  ['i', 'İstanbul'],
);
const body = fc.constantFrom('needle in a body', 'nee', 'dle', 'a"b\\c', '', 'Ünïcode NEEDLE');

const fields = fc.record({
  client,
  host,
  agent: fc.constantFrom('', 'builder', 'ci'),
  port: fc.constantFrom(443, 80, 8443),
  method: fc.constantFrom('GET', 'POST', 'CONNECT'),
  path: fc.constantFrom('/a', '/v1/messages?id=NEEDLE', '/b/c', '/ü%20'),
  status: fc.constantFrom(200, 204, 404, 500, 0),
  bytes: fc.constantFrom(0, 5, 10_000, 5e9),
  req_bytes: fc.constantFrom(0, 17, 1.5),
  duration_ms: fc.constantFrom(0.5, 120, 3000.25),
  audit: fc.constantFrom('', 'would_block_in_enforce'),
  policy: fc.constantFrom(1, 2),
  rule: fc.constantFrom('api.test', 'of all'),
  reason: fc.constantFrom('', 'not_in_allowlist', 'dns: ENOTFOUND'),
  req_headers: fc.array(header, { maxLength: 2 }),
  res_headers: fc.array(header, { maxLength: 2 }),
  req_body: body,
  res_truncated: fc.constantFrom('', 'limit'),
});

const step = fc.record({
  kind: fc.constantFrom('flow', 'flow', 'running', 'blocked', 'parts', 'socket', 'event', 'junk'),
  fields,
  parts: fc.array(body, { minLength: 1, maxLength: 3 }),
  event: fc.constantFrom('mode_change', 'start', 'log_recovered', 'checkpoint', 'segment'),
  junk: fc.constantFrom('', '{', '[1]', 'no record', `{"x":"${'y'.repeat(400_000)}"}`),
  /** How many steps later its last record follows. */
  later: fc.nat(5),
});
export type LogStep = typeof step extends fc.Arbitrary<infer T> ? T : never;

export const randomLog = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 80 }),
  segments: fc.integer({ min: 1, max: 4 }),
  compress: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  damage: fc.constantFrom(-1, -1, -1, 0, 1, 2),
  isTorn: fc.boolean(),
  hasOriginal: fc.boolean(),
});
export type RandomLog = typeof randomLog extends fc.Arbitrary<infer T> ? T : never;

/** Writes the segments into a folder; flows may begin in one and end in another. */
export function writeRandomLog(dir: string, log: RandomLog): void {
  const lines = linesOf(log.steps);
  const perSegment = Math.max(1, Math.ceil(lines.length / log.segments));
  for (let number = 1; number <= log.segments; number += 1) {
    const own = lines.slice((number - 1) * perSegment, number * perSegment);
    const isNewest = number === log.segments;
    const text = own.map((line) => `${line}\n`).join('');
    const path = join(dir, `egress.${number}.jsonl`);
    writeFileSync(path, isNewest && log.isTorn ? text.slice(0, -20) : text);
    if (isNewest || !log.compress[number - 1] || text === '') continue;
    compressSegment(path);
    const member = Math.floor(Buffer.byteLength(text) / 262_144);
    if (log.damage >= 0 && member > 0) damageMember(`${path}.gz`, log.damage % member, 25);
  }
  if (log.hasOriginal) writeFileSync(join(dir, 'egress.0.jsonl'), ORIGINAL);
}

const ORIGINAL = `${[
  '{"ts": 1690000000.5, "client": "10.0.0.1", "host": "api.test", "port": 443, "method": "GET", "url": "https://api.test/needle", "status": 200, "bytes": 17, "req_headers": {"Server": "NGINX"}, "event": "allowed"}',
  '{"ts": 1690000001, "host": "evil.test", "event": "blocked", "status": 403}',
  '{"event": "part", "id": "1-1-1", "body": "needle"}',
].join('\n')}\n`;

/** Clocks of records are a second apart. */
function linesOf(steps: readonly LogStep[]): string[] {
  const lines: string[] = [];
  const due: { at: number; add: () => void }[] = [];
  const add = (event: string, id: string, rest: object) => {
    const ts = 1_700_000_000 + lines.length;
    lines.push(logLine({ ...rest, event, id, seq: lines.length + 1, ts } as never));
  };
  for (const [at, each] of steps.entries()) {
    const id = `1-1-${at + 1}`;
    const { path, ...known } = each.fields;
    const all = { ...known, url: `https://${known.host}${path}` };
    const isPart = each.kind === 'parts' || each.kind === 'socket';
    const end = { ...all, ...(isPart && { req_body: '', req_parts: each.parts.length }) };
    if (each.kind === 'junk') lines.push(each.junk);
    else if (each.kind === 'event') add(each.event, '-', { reason: 'damaged', file: 'f' });
    else if (each.kind === 'blocked') add('blocked', id, all);
    else if (each.kind === 'socket') {
      const message = { host: known.host, direction: 'client', opcode: 1 };
      for (const [n, text] of each.parts.entries()) {
        add('websocket', id, { ...message, more: true, offset: n + 1, body: text });
      }
      add('websocket', id, { ...message, parts: each.parts.length, bytes: 12 });
    } else {
      const { client: who, host: name, url, method, port } = all;
      add('intent', id, { client: who, host: name, url, method, port });
      if (each.kind === 'parts') {
        for (const [n, text] of each.parts.entries()) {
          const add1 = () => add('part', id, { dir: 'req', offset: 10 * n + 1, body: text });
          due.push({ at: at + (n * each.later) / each.parts.length, add: add1 });
        }
      }
      const event = known.status === 0 ? 'error' : 'allowed';
      if (each.kind !== 'running')
        due.push({ at: at + each.later, add: () => add(event, id, end) });
    }
    for (const one of due.filter((later) => later.at <= at)) {
      one.add();
      due.splice(due.indexOf(one), 1);
    }
  }
  for (const one of due) one.add();
  return lines;
}
