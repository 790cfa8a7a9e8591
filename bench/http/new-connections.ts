// A new connection for each request: a tunnel, a whole TLS handshake, one small answer. autocannon does
// not count the answers after which it connects again, so the loop is our own.

import { ORIGIN_HOST, startOrigin } from '../origin.ts';
import type { Scenario } from '../scenario.ts';
import { SEE_1K } from '../unfit.ts';
import { get, openTls, type Way, wayThrough } from './client.ts';
import {
  CLOSED_LOOP_COLUMNS,
  closedLoopSeconds,
  measureClosedLoop,
  type Run,
} from './closed-loop.ts';
import { PAGES } from './pages.ts';

const PAGE = PAGES.small;

export const newConnections: Scenario = {
  name: '1k-new',
  what: '1 KB GET, a new connection each, TLS sessions not resumed by the client',
  columns: CLOSED_LOOP_COLUMNS,
  compared: 'cpuMicrosPerRequest',
  buffering: true,
  unfit: SEE_1K,
  turnSeconds: closedLoopSeconds,
  startOrigin,
  run(context) {
    const { origin, program, options } = context;
    const way = wayThrough(program, origin);
    const host = `${ORIGIN_HOST}:${origin.httpsPort}`;
    return measureClosedLoop((amount) => fire(way, host, options.connections, amount), context, {
      requestBytes: 0,
      answerBytes: PAGE.answer.length,
    });
  },
};

async function fire(way: Way, host: string, clients: number, amount: number): Promise<Run> {
  const latenciesMs = new Float64Array(amount);
  const startedAt = performance.now();
  let begun = 0;
  const client = async () => {
    while (begun < amount) {
      const number = begun;
      begun += 1;
      const askedAt = performance.now();
      await ask(way, host);
      latenciesMs[number] = performance.now() - askedAt;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const elapsedMs = performance.now() - startedAt;
  return { elapsedMs, latenciesMs: latenciesMs.sort() };
}

async function ask(way: Way, host: string): Promise<void> {
  const tls = await openTls(way);
  const pieces: Buffer[] = [];
  await get(tls, PAGE.path, host, (piece) => pieces.push(piece));
  if (Buffer.concat(pieces).toString() !== PAGE.answer)
    throw new Error('the answer is another one');
}
