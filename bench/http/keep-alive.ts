// A page over connections that stay: autocannon, by way of a shim that opens tunnels.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { ORIGIN_HOST, type Origin, startOrigin } from '../origin.ts';
import { startProgram } from '../processes.ts';
import type { Context, Scenario } from '../scenario.ts';
import {
  ANSWER_TIMEOUT_S,
  CLOSED_LOOP_COLUMNS,
  closedLoopSeconds,
  type Load,
  measureClosedLoop,
  type Run,
} from './closed-loop.ts';
import type { Page } from './pages.ts';

type KeepAliveOptions = {
  readonly name: string;
  readonly what: string;
  readonly page: Page;
  /** Without TLS, the absolute form of the address instead of a tunnel. */
  readonly isPlain?: boolean;
  readonly unfit?: Scenario['unfit'];
};

type Where = { readonly url: string; readonly path: string; readonly socketPath?: string };

const SHIM = fileURLToPath(new URL('../connect-shim.mjs', import.meta.url));

export function keepAlive({
  name,
  what,
  page,
  isPlain = false,
  unfit = {},
}: KeepAliveOptions): Scenario {
  return {
    ...{ name, what, unfit, startOrigin, buffering: true },
    turnSeconds: closedLoopSeconds,
    columns: CLOSED_LOOP_COLUMNS,
    compared: 'cpuMicrosPerRequest',
    async run(context) {
      const { load, close } = await openKeepAlive(context, page, isPlain);
      try {
        return await measureClosedLoop(load, context, {
          requestBytes: page.requestBody.length,
          answerBytes: page.answer.length,
        });
      } finally {
        await close();
      }
    },
  };
}

/** What is needed to ask for a page. */
type Asked = Pick<Context, 'origin' | 'program' | 'dir'> & {
  readonly options: Pick<Context['options'], 'connections'>;
};

/** A load of as many requests as it is told, over connections that it opens anew each time. */
export async function openKeepAlive(
  context: Asked,
  page: Page,
  isPlain = false,
): Promise<{ readonly load: Load; close(): Promise<void> }> {
  const { where, close } = isPlain ? plain(context, page) : await tunnelled(context, page);
  const { connections } = context.options;
  const port = isPlain ? context.origin.httpPort : context.origin.httpsPort;
  return { load: (amount) => fire({ where, port, page, connections, amount }), close };
}

function plain({ origin, program }: Asked, { path }: Page) {
  const where: Where =
    program === null
      ? { url: `http://127.0.0.1:${origin.httpPort}`, path }
      : {
          url: `http://127.0.0.1:${program.port}`,
          path: `http://${ORIGIN_HOST}:${origin.httpPort}${path}`,
        };
  return { where, close: async () => {} };
}

async function tunnelled({ origin, program, dir }: Asked, { path }: Page) {
  const socketPath = join(dir, 'shim.sock');
  const args =
    program === null || program.isReverse
      ? [String(program?.port ?? origin.httpsPort)]
      : [String(program.port), `${ORIGIN_HOST}:${origin.httpsPort}`];
  const shim = startProgram(process.execPath, [SHIM, socketPath, ...args]);
  await shim.firstLine();
  const where: Where = { url: `https://${ORIGIN_HOST}:${origin.httpsPort}`, path, socketPath };
  return {
    where,
    async close() {
      await shim.stop();
      if (shim.stderr() !== '') throw new Error(shim.stderr().split('\n')[0]);
    },
  };
}

type Fire = {
  readonly where: Where;
  /** Of the origin. */
  readonly port: Origin['httpPort'];
  readonly page: Page;
  readonly connections: number;
  readonly amount: number;
};

async function fire({ where, port, page, connections, amount }: Fire): Promise<Run> {
  const latenciesMs = new Float64Array(amount);
  let answers = 0;
  let endedAt = 0;
  const problems: string[] = [];
  const { path, ...target } = where;
  const { method, requestBody, answer } = page;
  const type = requestBody === '' ? {} : { 'content-type': 'application/json' };
  const headers = { host: `${ORIGIN_HOST}:${port}`, ...type };
  const startedAt = performance.now();
  const running = autocannon({
    ...target,
    connections,
    amount,
    tlsOptions: { servername: ORIGIN_HOST },
    timeout: ANSWER_TIMEOUT_S,
    verifyBody: (body) => body === answer,
    requests: [{ method, path, headers, ...(requestBody === '' ? {} : { body: requestBody }) }],
  });
  running.on('response', (_client, _status, _bytes, ms) => {
    latenciesMs[answers] = ms;
    answers += 1;
    endedAt = performance.now();
  });
  running.on('reqError', (error) => {
    problems.push(error.message);
    // It would go on for ever against a program that refuses all.
    running.stop();
  });
  const { errors, mismatches, resets, statusCodeStats } = await running;
  const good = statusCodeStats['200']?.count ?? 0;
  if (good !== amount || answers !== amount || errors > 0 || mismatches > 0) {
    const counts = JSON.stringify({ good, answers, errors, mismatches, resets, statusCodeStats });
    const first = problems[0] === undefined ? '' : `, first error: ${problems[0]}`;
    throw new Error(`${amount} requests, but ${counts}${first}`);
  }
  return { elapsedMs: endedAt - startedAt, latenciesMs: latenciesMs.sort() };
}
