// A leash with requests of each kind of body on its record, and pages of a browser that show one of
// them. Whatever a page throws or reports as an error is kept for the test to look at.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { run } from './run-client.ts';
import { startBrowser } from './start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from './start-leash.ts';
import { startOrigin } from './start-origin.ts';
import { startWsOrigin } from './start-ws-origin.ts';
import { close, echo, open } from './ws-client.ts';

export const TOKEN = 'token-of-this-test';
const IMAGE = '<img src=x onerror="window.hacked=1">';
const DELTAS = ['Hel', 'lo ', 'world'].map((content) => ({ choices: [{ delta: { content } }] }));
const STREAM = `: hi\n\n${DELTAS.map((each) => `event: delta\ndata: ${JSON.stringify(each)}\n\n`).join('')}data: [DONE]\n\n`;
export const TREE = `{"__proto__":{"hacked":1},"list":[${Array.from({ length: 300 }, (_, n) => n).join(',')}],"twice":1,"twice":2,"long":12345678901234567890,"html":${JSON.stringify(IMAGE)}}`;
/** Set: pictures of the panel are written there. */
const SHOTS = process.env.LEASH_TEST_SHOTS ?? '';

export type Got = {
  readonly method: string;
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
};

export type DetailStage = {
  readonly leash: Leash;
  readonly originPort: number;
  readonly originCa: string;
  /** What the origin got, in order. */
  readonly got: readonly Got[];
  /** Of all pages since the last one was made. */
  readonly faults: string[];
  newPage(colorScheme?: 'light' | 'dark'): Promise<Page>;
  /** `at,id` of the request to `path`. */
  recordOf(path: string): Promise<string>;
  /** Opens the record of the request to `path` by its link. */
  show(page: Page, path: string, more?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
};

const TYPES: Readonly<Record<string, string>> = {
  '/tree': 'application/json',
  '/deep': 'application/json',
  '/stream': 'text/event-stream',
  '/bytes': 'application/json; really=no',
  '/lines': 'application/x-ndjson',
};
const BODIES: Readonly<Record<string, string | Buffer>> = {
  '/tree': TREE,
  '/deep': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  '/stream': STREAM,
  '/bytes': Buffer.from([0x7b, 0, 0xff, 0xfe, 0x41]),
  '/lines': '{"n":1}\n{"n":2}\n',
};

export async function startDetailStage(): Promise<DetailStage> {
  const got: Got[] = [];
  const faults: string[] = [];
  const socketOrigin = await startWsOrigin({ tls: false });
  const origin = await startOrigin({
    tls: { names: ['localhost'] },
    handler(request, response) {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        got.push({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') });
        const type = TYPES[url.split('?')[0] ?? ''];
        response.writeHead(200, {
          'Content-Type': type ?? 'text/plain',
          'X-Path': url,
          'Set-Cookie': 'sid=secret-sid',
        });
        response.end(BODIES[url.split('?')[0] ?? ''] ?? 'fine\n');
      });
    },
  });
  const leash = await startLeash({
    env: { LEASH_UPSTREAM_CA: origin.caFile, LEASH_VIEWER_TOKEN: TOKEN },
    policy: {
      ...LOOPBACK_POLICY,
      'enforce.yaml': { allow: [{ host: 'localhost', ports: [origin.port] }] },
    },
  });
  const browser = await startBrowser();
  const url = (path: string) => `https://localhost:${origin.port}${path}`;
  const curl = (...args: string[]) =>
    run('curl', ['-sS', '--proxy', leash.proxyUrl, '--cacert', leash.caFile, ...args], {
      input: 'content of the file',
    });
  for (const path of ['/tree', '/stream', '/bytes', '/lines', '/deep']) await curl(url(path));
  await curl('--data-urlencode', 'name=a b&c', '-d', 'x=1', url('/form'));
  await curl('-F', 'note=some text', '-F', 'file=@-;filename=a.txt;type=text/plain', url('/parts'));
  const sent = [
    '-X',
    'PUT',
    '-H',
    'Authorization: Bearer sk-secret',
    '-H',
    "X-Odd: it's $(id) `id` \\",
  ];
  await curl(
    ...sent,
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"ask":"größe"}',
    url('/sent?n=1'),
  );
  await curl('-H', 'X-Only: 1', '-d', '{"a":1,"b":2}', url('/sent?n=2'));
  const via = { port: leash.proxyPort, caPem: await readFile(leash.caFile, 'utf8') };
  const socket = await open(via, socketOrigin.port, { path: '/chat', plain: true });
  await echo(socket, 'hello socket');
  await close(socket, 1000, 'bye');
  await leash.waitForRecords((record) => record.event === 'allowed' && record.status === 101);
  const recordOf = async (path: string) => {
    const answer = await fetch(`${leash.viewerUrl}/api/logs?limit=1000`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const { rows } = (await answer.json()) as {
      rows: { at: string; id: string; url: string; event: string }[];
    };
    const row = rows.find((each) => each.url.endsWith(path) && each.event !== 'websocket');
    return `${row?.at},${row?.id}`;
  };
  return {
    leash,
    originPort: origin.port,
    originCa: origin.caFile,
    got,
    faults,
    recordOf,
    async newPage(colorScheme = 'light') {
      faults.length = 0;
      const viewport = { width: 1600, height: 1000 };
      const page = await (await browser.newContext({ colorScheme, viewport })).newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (said) => {
        // A page that is not logged in yet, and a record that is gone.
        if (said.type() === 'error' && !/401|404/.test(said.text())) faults.push(said.text());
      });
      return page;
    },
    async show(page, path, more = {}) {
      const params = new URLSearchParams({ sel: await recordOf(path), ...more });
      await page.goto(`${leash.viewerUrl}/?${params}#token=${TOKEN}`);
      await detailOf(page).getByRole('heading', { name: path }).waitFor();
    },
    async close() {
      await browser.close();
      await leash.close();
      await origin.close();
      await socketOrigin.close();
    },
  };
}

export function detailOf(page: Page): Locator {
  return page.getByRole('complementary', { name: 'Record' });
}

export function tabOf(page: Page, name: string): Locator {
  return detailOf(page).getByRole('tab', { name, exact: true });
}

/** The section of the request or the response. */
export function messageOf(page: Page, title: string): Locator {
  const heading = page.getByRole('heading', { name: title, exact: true });
  return detailOf(page).locator('.message', { has: heading });
}

/** Text as it stands on the page, with its lines. */
export async function inner(locator: Locator): Promise<string> {
  await locator.first().waitFor();
  return (await locator.allInnerTexts()).join('\n');
}

/** The same in one line. */
export async function lineOf(locator: Locator): Promise<string> {
  return (await inner(locator)).replace(/\s+/g, ' ');
}

/** A picture of the page, where the environment names a folder for it. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === '') return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
