// L-12: text that wants to be a line of its own, a control sequence or another record, in every field
// that an agent or an origin can fill. The record stays one line each, for every reader there is.

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinBytes, type LogRecord, segmentFiles } from '../support/leash-records.ts';
import { openSocket, readUntil } from '../support/raw.ts';
import { type RawOrigin, startRawOrigin } from '../support/raw-origin.ts';
import { run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';

/** Bytes as latin1 characters. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1');
const FORGED = '{"seq":1,"prev":"0","event":"allowed","id":"9-9-9"}';

const TEXTS: Readonly<Record<string, string>> = {
  newline: `a\n${FORGED}`,
  'carriage return and newline': `a\r\n${FORGED}\r\n`,
  'line separators': utf8('a\u2028b\u2029c\u0085d'),
  // Among enough plain text for a body to be recorded as text.
  escape: '\x1b[2J and then \x1b]0;a title for the terminal\x07\x08',
  nul: 'some text before it\0and some behind it',
  'C1 and DEL': utf8('\u009b31m\u0090x\u009c\x7f'),
  'C1 as single bytes': '\x9b31m\x90x\x9c',
  'no UTF-8': '\xff\xfe\xc3\x28\xf0\x28\x8c\xbc',
  'surrogates alone': '\xed\xa0\x80 and \\ud800 and \\udfff',
  quotes: `"},${FORGED.slice(0, -1)},"x":"\\`,
  'right to left': utf8('\u202etxt.exe\u2066'),
  prototype: '__proto__',
};
const NAMES = Object.keys(TEXTS);
const text = (name: string) => TEXTS[name] ?? '';

let origin: RawOrigin;
let leash: Leash;

/** `/?answer=<name>&in=<place>`: what the origin puts where. */
function answer({ target }: { target: string }): string {
  const query = new URL(target, 'http://origin').searchParams;
  const hostile = text(query.get('answer') ?? '');
  const place = query.get('in');
  if (place === 'reason') return `HTTP/1.1 200 ${hostile}\r\nContent-Length: 0\r\n\r\n`;
  if (place === 'header') {
    return `HTTP/1.1 200 OK\r\nX-Hostile: ${hostile}\r\nContent-Length: 0\r\n\r\n`;
  }
  if (place === 'trailer') {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Hostile\r\n\r\n';
    return `${head}1\r\na\r\n0\r\nX-Hostile: ${hostile}\r\n\r\n`;
  }
  const body = place === 'body' ? hostile : 'ok';
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain';
  return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Sends bytes as they are, waits for the head of an answer or the end; gives the status, 0 for none. */
async function send(bytes: string): Promise<number> {
  const socket = await openSocket(leash.proxyPort);
  socket.write(bytes, 'latin1');
  const until = (received: string) => received.includes('\r\n\r\n');
  const received = await readUntil(socket, { until }).finally(() => socket.destroy());
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1] ?? 0);
}

type Parts = { method?: string; target?: string; host?: string; headers?: string; body?: string };

/** A request through leash whose parts are taken as they are given. */
function ask({ method = 'GET', target = '/', host, headers = '', body = '' }: Parts) {
  const authority = `127.0.0.1:${origin.port}`;
  const first = `${method} http://${authority}${target} HTTP/1.1\r\nHost: ${host ?? authority}`;
  return send(`${first}\r\nConnection: close\r\n${headers}\r\n${body}`);
}

const lengthOf = (body: string) => `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n`;

/** Requests that want to be something else; what leash answers to each is its own affair here. */
const ATTACKS: readonly (readonly [name: string, make: (hostile: string) => Parts | string])[] = [
  ['the target', (hostile) => ({ target: `/${hostile}` })],
  ['the query, escaped', (hostile) => ({ target: `/?q=${escape(hostile)}` })],
  ['the method', (hostile) => ({ method: hostile })],
  ['Host', (hostile) => ({ host: hostile })],
  ['User-Agent', (hostile) => ({ headers: `User-Agent: ${hostile}\r\n` })],
  ['the name of a header', (hostile) => ({ headers: `${hostile}: x\r\n` })],
  ['Proxy-Authorization', (hostile) => ({ headers: `Proxy-Authorization: ${hostile}\r\n` })],
  ['Content-Type', (hostile) => ({ headers: `Content-Type: ${hostile}\r\n` })],
  ['a body', (hostile) => ({ method: 'POST', headers: lengthOf(hostile), body: hostile })],
  ['a trailer', (hostile) => ({ method: 'POST', ...trailer(hostile) })],
  ['CONNECT', (hostile) => `CONNECT ${hostile}:443 HTTP/1.1\r\nHost: ${hostile}\r\n\r\n`],
  ['the first line', (hostile) => `${hostile}\r\n\r\n`],
  ['the reason of an answer', (hostile) => ({ target: answerWith(hostile, 'reason') })],
  ['a header of an answer', (hostile) => ({ target: answerWith(hostile, 'header') })],
  ['the body of an answer', (hostile) => ({ target: answerWith(hostile, 'body') })],
  ['a trailer of an answer', (hostile) => ({ target: answerWith(hostile, 'trailer') })],
];

function trailer(hostile: string): Parts {
  const headers = 'Transfer-Encoding: chunked\r\nTrailer: X-Hostile\r\n';
  return { headers, body: `1\r\na\r\n0\r\nX-Hostile: ${hostile}\r\n\r\n` };
}

function answerWith(hostile: string, place: string): string {
  const name = NAMES.find((each) => text(each) === hostile) ?? '';
  return `/?answer=${encodeURIComponent(name)}&in=${place}`;
}

beforeAll(async () => {
  origin = await startRawOrigin({ answer });
  leash = await startLeash();
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

/** How a request ended whose URL ends like this. */
const outcomeOf = (marker: string) =>
  leash.waitForRecords(({ event, url }) => event === 'allowed' && url?.endsWith(marker));

describe.each(ATTACKS)('hostile text in %s', (place, make) => {
  it.each(NAMES)('%s is answered or refused, and leash lives', async (name) => {
    const made = make(text(name));
    const status = await (typeof made === 'string' ? send(made) : ask(made));
    expect([0, 200, 400, 403, 405, 407, 421, 501, 502, 505], `${place}: ${name}`).toContain(status);
    expect(await ask({ target: '/alive' })).toBe(200);
  });
});

describe('bodies', () => {
  it.each(NAMES)('of %s are in the record bit for bit', async (name) => {
    const body = text(name);
    const target = `/${answerWith(body, 'body').slice(1)}&sent=too`;
    expect(await ask({ method: 'POST', target, headers: lengthOf(body), body })).toBe(200);
    const outcome = await outcomeOf(target);
    const records = await leash.records();
    for (const dir of ['req', 'res'] as const) {
      expect(joinBytes(records, outcome, dir).toString('latin1')).toBe(body);
    }
  });
});

describe('headers', () => {
  const valuesOf = (outcome: LogRecord, name: string) =>
    outcome.req_headers
      .filter(([each]: [string]) => each === name)
      .map(([, value]: string[]) => value);

  it('named __proto__ and constructor are headers like others', async () => {
    const headers = '__proto__: {"polluted":1}\r\nconstructor: x\r\n__proto__: again\r\n';
    expect(await ask({ target: '/prototype', headers })).toBe(200);
    const outcome = await outcomeOf('/prototype');
    expect(valuesOf(outcome, '__proto__')).toEqual(['{"polluted":1}', 'again']);
    expect(valuesOf(outcome, 'constructor')).toEqual(['x']);
  });

  it('of nearly 16 KiB are in the record whole, each byte of them', async () => {
    const value = '\xff"\\\x80\xe2\x80\xa8'.repeat(2_200).slice(0, 15_000);
    expect(await ask({ target: '/long', headers: `X-Long: ${value}\r\n` })).toBe(200);
    expect(valuesOf(await outcomeOf('/long'), 'X-Long')).toEqual([value]);
  });

  it('that come ninety times are in the record ninety times, in order', async () => {
    const values = Array.from({ length: 90 }, (_, n) => `value ${n}`);
    const headers = values.map((value) => `X-Same: ${value}\r\n`).join('');
    expect(await ask({ target: '/same', headers })).toBe(200);
    expect(valuesOf(await outcomeOf('/same'), 'X-Same')).toEqual(values);
  });

  it('of more than a hundred lines, and longer ones than 16 KiB, are refused with a record', async () => {
    expect(await ask({ headers: 'X-Same: x\r\n'.repeat(120) })).toBe(431);
    expect(await ask({ headers: `X-Long: ${'x'.repeat(17_000)}\r\n` })).toBe(431);
    await waitFor(
      async () => (await leash.records()).filter(({ status }) => status === 431).length >= 2,
      { what: 'two records' },
    );
  });
});

describe('the file after all of it', () => {
  let files: string[];
  let lines: Buffer[];

  beforeAll(async () => {
    expect(await leash.stop()).toBe(0);
    files = await segmentFiles(leash.logPath);
    lines = [];
    for (const file of files) {
      const bytes = await readFile(file);
      for (let start = 0; start < bytes.length; ) {
        const end = bytes.indexOf(0x0a, start);
        lines.push(bytes.subarray(start, end));
        start = end + 1;
      }
    }
  });

  it('has one line a record, and no forged one', async () => {
    const records = await leash.records();
    expect(lines).toHaveLength(records.length);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    expect(records.filter(({ id }) => id === '9-9-9')).toEqual([]);
    expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
  });

  it('is UTF-8 without one control character, and without what ends a line elsewhere', () => {
    for (const line of lines) {
      expect(isUtf8(line)).toBe(true);
      expect(line.toString()).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
    }
  });

  it('holds the hostile characters, escaped', () => {
    const all = lines.map(String).join('\n');
    const codes = ['0000', '0007', '001b', '007f', '0080', '009b', '2028', '2029'];
    expect(codes.filter((code) => !all.includes(`\\u${code}`))).toEqual([]);
  });

  it('is JSON to jq, line by line', async () => {
    const { code, stdout, stderr } = await run('jq', ['-e', '-c', '.seq', ...files]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toHaveLength(lines.length);
  });
});
