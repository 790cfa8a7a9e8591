// Upstreams that answer wrongly, twice, or without being asked: a client gets the true answer, a
// failure that says so, or a close; never a piece of another answer.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ANSWERS, type AnswerCase, TRUNCATED } from '../support/framing-answers.ts';
import { type Answer, isFromLeash, openFrom, readAnswer, talk } from '../support/framing-client.ts';
import { type FramingOrigin, plainAnswer, startFramingOrigin } from '../support/framing-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: FramingOrigin;
let proxy: TestProxy;
const uncaught: unknown[] = [];
const onUncaught = (error: unknown) => void uncaught.push(error);

beforeAll(() => {
  process.on('uncaughtExceptionMonitor', onUncaught);
});
afterAll(() => {
  process.off('uncaughtExceptionMonitor', onUncaught);
  expect(uncaught).toEqual([]);
});
beforeEach(async () => {
  origin = await startFramingOrigin();
  proxy = await startProxy();
});
afterEach(async () => {
  await proxy.close();
  await origin.close();
});

const get = (path: string, method = 'GET') => {
  const host = `127.0.0.1:${origin.port}`;
  return `${method} http://${host}${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
};

describe('I-01 framing of answers', () => {
  it('I-01 at least 60 answers are mutated, and cut off at each byte', () => {
    expect(new Set(ANSWERS.map(({ bytes, method }) => bytes + method)).size).toBeGreaterThan(75);
    expect(TRUNCATED.length).toBeGreaterThan(100);
  });

  it.each([
    ['mutated', ANSWERS],
    ['cut off', TRUNCATED],
  ])(
    'I-01 %s: the client gets the truth, a failure or a close, with one record',
    async (_, all) => {
      const wrong: string[] = [];
      for (const [n, each] of all.entries()) wrong.push(...(await judgeAnswer(each, `/a${n}`)));
      expect(wrong).toEqual([]);
      expect(origin.problems).toEqual([]);
    },
  );

  it('I-01 a client that was given a wrong answer never gets the rest of it with its next request', async () => {
    const wrong: string[] = [];
    for (const [n, each] of ANSWERS.entries()) {
      const method = each.method ?? 'GET';
      origin.answer = ({ target }) =>
        target.startsWith('/a') ? { bytes: each.bytes } : plainAnswer(target);
      if (each.end === true) continue;
      const socket = await openFrom(proxy.port);
      socket.write(get(`/a${n}`, method));
      const first = await readAnswer(socket, method);
      if (first.text === '' && each.expected !== 'true') continue;
      socket.write(get(`/next${n}`));
      const next = await readAnswer(socket, 'GET');
      socket.destroy();
      if (first.status !== each.status || next.body !== `/next${n}` || next.rest !== '') {
        wrong.push(`${each.name}: ${JSON.stringify([first.text, next.text])}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Sends one request that is answered so; gives what is wrong, in words. */
async function judgeAnswer(each: AnswerCase, path: string): Promise<string[]> {
  const { bytes, method = 'GET', end = false } = each;
  proxy.link.records.length = 0;
  origin.answer = ({ target }) => {
    if (target !== path) return plainAnswer(target);
    return { bytes, end };
  };
  const answer = await talk({ proxyPort: proxy.port, bytes: get(path, method), method });
  const records = await proxy.ended(1);
  const control = await talk({ proxyPort: proxy.port, bytes: get('/next') });
  await proxy.ended(2);
  const wrong: string[] = [];
  const check = (holds: boolean, words: string) => {
    if (!holds) wrong.push(`${path} ${each.name}: ${words}, got ${JSON.stringify(answer.text)}`);
  };
  const [record] = records;
  const got = kindOf(answer, each);
  check(each.expected.split(' or ').includes(got), got);
  check(record?.event === (got === 'true' ? 'allowed' : 'error'), `record ${record?.event}`);
  check(proxy.link.records.length === 2, `${proxy.link.records.length} records`);
  check(control.body === '/next' && control.rest === '', `next: ${control.text}`);
  check(proxy.link.records[1]?.event === 'allowed', 'next: no record');
  return wrong;
}

function kindOf(answer: Answer, { status, body, bytes }: AnswerCase): string {
  if (answer.problem !== '' || answer.rest !== '') return `broken (${answer.problem})`;
  if (isFromLeash(answer)) {
    return [502, 504].includes(answer.status) && answer.complete ? 'failed' : 'another refusal';
  }
  if (answer.status === 0) return answer.text === '' ? 'cut' : 'half a head';
  const sent = bytes.includes('hello') ? ['hello', 'helloyou'] : ['helloyou'];
  if (answer.complete && answer.status === status && answer.body === body) return 'true';
  if (answer.complete) return 'another answer';
  return sent.some((whole) => whole.startsWith(answer.body)) ? 'cut' : 'another body';
}

describe('I-04 an upstream that answers twice', () => {
  const CLIENTS = ['127.0.0.2', '127.0.0.3'] as const;
  const TRIES = 250;
  const POISON = plainAnswer('POISON').bytes;
  const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nPOISON';

  it.each([
    ['in the same write', POISON, ''],
    ['once its connection is idle', '', POISON],
    ['once its connection is idle, by half', '', HALF],
    ['once its connection is idle, by a byte', '', 'x'],
  ])(
    'I-04 %s reaches nobody, and its connection is not used again',
    async (_name, atOnce, late) => {
      // Half of the answers are left alone, so that there is a pool to poison.
      const isPoisoned = (target: string) => /[02468]$/.test(target);
      const answers: Record<string, number> = {};
      origin.answer = ({ target }) => {
        const { bytes } = plainAnswer(target);
        return { bytes: isPoisoned(target) ? bytes + atOnce : bytes };
      };
      await Promise.all(
        CLIENTS.map(async (from) => {
          let socket = await openFrom(proxy.port, from);
          for (let n = 0; n < TRIES; n += 1) {
            const path = `/${from}/${n}`;
            socket.write(get(path));
            const answer = await readAnswer(socket, 'GET');
            // What came in one piece with its answer may have broken it: then the connection closes.
            const broken = isPoisoned(path) && answer.text === '';
            const isOwn = answer.body === path && answer.rest === '';
            const key = isOwn || broken ? 'own or closed' : answer.text;
            answers[key] = (answers[key] ?? 0) + 1;
            if (isPoisoned(path)) await poison(path, late);
            if (broken) socket = await openFrom(proxy.port, from);
          }
          socket.destroy();
        }),
      );
      expect(answers).toEqual({ 'own or closed': TRIES * CLIENTS.length });
      expect(origin.requests).toHaveLength(TRIES * CLIENTS.length);
      expect(sharedConnections()).toEqual([]);
      const connections = new Set(origin.requests.map(({ connection }) => connection));
      expect(connections.size).toBeLessThan(origin.requests.length);
    },
  );

  it('I-04 connections are used again by the client that opened them, and by no other', async () => {
    const rounds = 50;
    for (let n = 0; n < rounds; n += 1) {
      for (const from of CLIENTS) {
        const path = `/${from}/${n}`;
        const answer = await talk({ proxyPort: proxy.port, bytes: get(path), from });
        expect(answer.body).toBe(path);
      }
    }
    expect(origin.requests).toHaveLength(rounds * CLIENTS.length);
    expect(origin.bytes()).toHaveLength(CLIENTS.length);
    expect(sharedConnections()).toEqual([]);
  });

  /** Sends the rest, and waits until leash has let go of the connection of this request. */
  async function poison(path: string, late: string): Promise<void> {
    const { connection } = origin.requests.find(({ target }) => target === path) ?? {};
    if (connection === undefined) throw new Error(`No request ${path}`);
    origin.send(connection, late);
    const what = `the end of the connection of ${path}`;
    await waitFor(() => !origin.isOpen(connection), { what, timeoutMs: 2_000, everyMs: 1 });
  }

  /** Connections that saw requests of more than one client. */
  function sharedConnections(): number[] {
    const clients = new Map<number, Set<string>>();
    for (const { connection, target } of origin.requests) {
      const seen = clients.get(connection) ?? new Set();
      clients.set(connection, seen.add(target.split('/')[1] ?? ''));
    }
    return [...clients].filter(([, seen]) => seen.size > 1).map(([connection]) => connection);
  }
});
