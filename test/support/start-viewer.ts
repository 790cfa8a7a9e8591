// The viewer's whole application on a real socket in this process, with a clock that tests move.

import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from '../../src/viewer/app.ts';
import { openDecoder } from '../../src/viewer/decode/decoder.ts';
import type { ViewerConfig } from '../../src/viewer/viewer-env.ts';
import { portOf } from './free-port.ts';
import { tempDir } from './temp-dir.ts';

/** Compiled: a thread of Node 20 reads no TypeScript. */
const DECODE_TASK = fileURLToPath(
  new URL('../../dist/viewer/decode/decode-task.js', import.meta.url),
);

export type AskOptions = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, with its content type. */
  readonly json?: unknown;
  /** Ends with the head of the answer: a stream of events has no end. */
  readonly headOnly?: boolean;
  /** Address of 127.0.0.0/8 that the request comes from. */
  readonly from?: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; null where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any member and asserts its value
  readonly json: any;
};

export type TestViewer = {
  readonly port: number;
  readonly host: string;
  readonly dir: string;
  readonly policyDir: string;
  readonly stateDir: string;
  readonly logPath: string;
  /** All routes there are, with their patterns. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** A request as if its socket had this address at its other end. */
  askFrom(remoteAddress: string, path: string, init?: RequestInit): Promise<Response>;
  /** What the application reported as its own fault. */
  readonly errors: Error[];
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** Headers that a page of this viewer sends with a change. */
  pageHeaders(): Record<string, string>;
  /** Moves the clock on. */
  pass(ms: number): void;
  close(): Promise<void>;
};

export type ViewerOptions = Partial<ViewerConfig> & {
  /** Addresses that count as this machine's own. */
  readonly ownAddresses?: readonly string[];
};

export async function startViewer(options: ViewerOptions = {}): Promise<TestViewer> {
  const dir = await tempDir();
  const { ownAddresses = [], ...settings } = options;
  const config: ViewerConfig = {
    audit: 'accepted',
    logPath: join(dir.path, 'logs', 'egress.jsonl'),
    stateDir: join(dir.path, 'state'),
    policyDir: join(dir.path, 'policy'),
    proxyPort: 8080,
    proxyAddress: '',
    viewerBind: '127.0.0.1',
    viewerHosts: [],
    viewerToken: '',
    trustedProxies: [],
    ...settings,
  };
  const uiDir = join(dir.path, 'ui');
  for (const folder of ['logs', 'state/run', 'state/private', 'policy', 'ui/assets']) {
    await mkdir(join(dir.path, folder), { recursive: true });
  }
  await writeFile(join(uiDir, 'index.html'), '<!doctype html><title>leash</title>');
  await writeFile(join(uiDir, 'assets', 'index-abc.js'), 'void 0;');
  const errors: Error[] = [];
  let clock = 1_700_000_000_000;
  const decoder = openDecoder({ task: DECODE_TASK });
  const app = await createApp({
    config,
    version: '1.2.3',
    hostname: 'machine.test',
    uiDir,
    ownAddresses: () => ownAddresses,
    now: () => clock,
    monotonicNow: () => clock,
    decode: decoder.decode,
    onError: (error) => void errors.push(error),
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  const host = `127.0.0.1:${port}`;
  return {
    port,
    host,
    dir: dir.path,
    policyDir: config.policyDir,
    stateDir: config.stateDir,
    logPath: config.logPath,
    errors,
    routes: app.routes,
    askFrom: async (remoteAddress, path, init) =>
      app.request(`http://${host}${path}`, init, { incoming: { socket: { remoteAddress } } }),
    ask: (path, ask) => send(port, path, ask ?? {}),
    pageHeaders: () => ({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }),
    pass(ms) {
      clock += ms;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      await closed;
      await decoder.close();
      await dir.close();
    },
  };
}

/** One request on a connection of its own; `fetch` would not let a test choose Host and address. */
function send(port: number, path: string, options: AskOptions): Promise<Answer> {
  const { method = 'GET', headers = {}, json, from, headOnly = false } = options;
  const body = json === undefined ? '' : JSON.stringify(json);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent: false,
        ...(from !== undefined && { localAddress: from }),
        headers: {
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...(body !== '' && { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      },
      (response) => {
        if (headOnly) {
          const status = response.statusCode ?? 0;
          resolve({ status, headers: response.headers, text: '', json: null });
          outgoing.destroy();
          return;
        }
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: parse(text),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
