// V-07: more than two hundred payloads in each field of a record that an agent, an origin or a policy can
// fill, in a real browser: nothing runs, nothing is asked of the network, nothing can be clicked.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '../support/start-browser.ts';
import { startViewerProcess, type ViewerProcess } from '../support/start-viewer-process.ts';
import { type Entry, writeLog } from '../support/write-log.ts';
import { HOOKS, MARK, XSS_PAYLOADS } from '../support/xss-payloads.ts';

let viewer: ViewerProcess;
let browser: Browser;
let page: Page;
/** Of the page itself, and what it asked for beyond the viewer. */
const faults: string[] = [];
const foreign: string[] = [];

const idOf = (n: number) => `1-1-${n + 1}`;

function recordsOf(payload: string, n: number): Entry[] {
  const id = idOf(n);
  const who = { client: payload, agent: payload, host: `h${n}.${payload}`, method: payload };
  const headers = [
    ['User-Agent', payload],
    [payload, payload],
    ['Content-Disposition', `attachment; filename="${payload}"`],
    ['Content-Type', 'text/html'],
    ['Location', payload],
  ];
  const bodies = [payload, JSON.stringify({ [payload]: payload }), `data: ${payload}\n\n`];
  return [
    { event: 'intent', id, ...who, url: `https://h${n}.test/?q=${payload}` },
    {
      event: n % 7 === 0 ? 'error' : 'allowed',
      ...{ id, ...who, url: n % 2 === 0 ? payload : `https://h${n}.test/?q=${payload}` },
      ...{ status: 200, bytes: payload.length, rule: payload, reason: payload, sni: payload },
      ...{ req_headers: headers, res_headers: headers, res_trailers: [[payload, payload]] },
      ...{ req_body: bodies[n % 3], res_body: bodies[(n + 1) % 3], upstream_ip: payload },
    },
  ];
}

const PROBLEM = { file: 'enforce.yaml', line: 1, column: 1 };

beforeAll(async () => {
  viewer = await startViewerProcess(async ({ logPath, policyDir, stateDir }) => {
    await writeLog(logPath, [
      ...XSS_PAYLOADS.flatMap(recordsOf),
      {
        event: 'policy_change',
        file: 'enforce.yaml',
        actor: XSS_PAYLOADS[0],
        diff: XSS_PAYLOADS.map((text) => `+ ${text}`),
      },
      { event: 'policy_error', ...PROBLEM, message: XSS_PAYLOADS[2] },
    ]);
    const comments = XSS_PAYLOADS.map((text) => `# ${text.replace(/[\0-\x1f]/g, '')}\n`).join('');
    await writeFile(join(policyDir, 'enforce.yaml'), `${comments}allow: [good.test]\n`);
    await mkdir(join(stateDir, 'run'), { recursive: true });
    const status = {
      ...{ bootId: 'b', pid: process.pid, startedAt: Date.now(), state: 'running' },
      policy: { version: 1, mode: XSS_PAYLOADS[1], files: {} },
      problems: XSS_PAYLOADS.slice(0, 40).map((message) => ({
        ...PROBLEM,
        file: message,
        message,
      })),
      workers: [{ number: 1, pid: 1, listening: true, policy: 1 }],
      log: {
        ...{ healthy: false, problem: XSS_PAYLOADS[3], segment: 1, seq: 1 },
        check: {
          state: 'done',
          segments: 1,
          damage: [{ file: XSS_PAYLOADS[4], seq: 1, offset: 1 }],
        },
      },
      records: {},
      listeners: { proxy: { host: '127.0.0.1', port: 1 }, viewer: null },
    };
    await writeFile(join(stateDir, 'run', 'status.json'), JSON.stringify(status));
  });
  browser = await startBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(HOOKS);
  page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', () => faults.push('a window was opened'));
  page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url());
    const isOwn = origin === viewer.url && /^\/($|index\.html$|assets\/|api\/)/.test(pathname);
    if (!isOwn && !request.url().startsWith('about:')) foreign.push(request.url());
  });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await viewer?.close();
});

/** Nothing ran, was asked for, or stands there to be clicked. */
async function expectQuiet(where: string): Promise<void> {
  const seen = await page.evaluate(`({
    mark: window.${MARK} ?? null,
    scripts: document.scripts.length,
    elements: document.querySelectorAll('iframe, object, embed, base, img, video, svg script, [onerror], [onload]').length,
    links: [...document.querySelectorAll('a[href], form[action], [formaction], area[href]')]
      .flatMap((e) => [e.getAttribute('href'), e.getAttribute('action'), e.getAttribute('formaction')])
      .filter((to) => to !== null && /^\\s*(javascript|data|vbscript):/i.test(to)),
    hidden: [...document.querySelectorAll('body *')]
      .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && /[\\u202a-\\u202e\\u2066-\\u2069\\u200b\\0\\u001b]/.test(n.data)))
      .map((e) => e.tagName + '.' + e.className)
      .slice(0, 5),
  })`);
  expect({ where, ...(seen as object) }).toEqual({
    ...{ where, mark: null, scripts: 1, elements: 0, links: [], hidden: [] },
  });
  expect({ where, faults, foreign }).toEqual({ where, faults: [], foreign: [] });
}

async function open(search: string): Promise<void> {
  await page.goto(`${viewer.url}/${search}`);
  await page.locator('.page').waitFor();
}

describe('V-07: hostile text in the page', () => {
  it('there are more than two hundred payloads, each another one', () => {
    expect(new Set(XSS_PAYLOADS).size).toBeGreaterThanOrEqual(200);
    expect(new Set(XSS_PAYLOADS).size).toBe(XSS_PAYLOADS.length);
  });

  it('the answer that brings the page allows no inline script and nothing from elsewhere', async () => {
    const response = await fetch(viewer.url);
    const csp = response.headers.get('content-security-policy') ?? '';
    expect(csp).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/,
    );
    expect(csp).not.toMatch(/unsafe|data:|blob:|https?:|\*/);
    expect(csp).toMatch(/base-uri 'none'; form-action 'self'; frame-ancestors 'none'/);
  });

  it('list and banner show them as text', async () => {
    await open('');
    await page.locator('tbody tr, [role="row"]').nth(5).waitFor();
    await page.locator('.list').getByText('window.__xss=1').first().waitFor();
    await expectQuiet('list');
  });

  it.each(['harden', 'policy', 'state'])('the view %s shows them as text', async (view) => {
    await open(`?view=${view}`);
    await page.waitForLoadState('networkidle', { timeout: 2_000 }).catch(() => {});
    await expectQuiet(view);
  });

  it('the search shows them as text, typed or in the address', async () => {
    for (const payload of XSS_PAYLOADS.filter((_, n) => n % 9 === 0)) {
      await open(`?q=${encodeURIComponent(payload)}`);
      await expectQuiet(`search ${payload}`);
    }
  });

  it('the detail of each shows headers, bodies and all fields as text', async () => {
    await open('');
    for (const [n, payload] of XSS_PAYLOADS.entries()) {
      const at = await placeOf(n);
      await page.evaluate(`history.pushState(null, '', '?sel=${at},${idOf(n)}')`);
      await page.evaluate("dispatchEvent(new PopStateEvent('popstate'))");
      await page
        .getByRole('complementary', { name: 'Record' })
        .getByText(`h${n}.`)
        .first()
        .waitFor({ state: 'attached' });
      await expectQuiet(`detail ${n}: ${payload}`);
    }
  }, 180_000);

  it('no answer of the API can be taken for a page', async () => {
    const paths = ['/api/logs', `/api/logs/${idOf(3)}`, '/api/meta', '/api/policy', '/api/state'];
    const exports = ['/api/export.har', '/api/export.jsonl'];
    for (const path of [
      ...paths,
      ...exports,
      `/api/${encodeURIComponent(XSS_PAYLOADS[0] ?? '')}`,
    ]) {
      const { headers } = await fetch(`${viewer.url}${path}`);
      expect([path, headers.get('content-type')]).not.toEqual([
        path,
        expect.stringMatching(/html|svg|xml/),
      ]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

const places = new Map<string, string>();

async function placeOf(n: number): Promise<string> {
  if (places.size === 0) {
    for (let before = ''; ; ) {
      const response = await fetch(`${viewer.url}/api/logs?limit=200${before}`);
      const { rows, cursor } = (await response.json()) as {
        rows: { id: string; at: string }[];
        cursor: string | null;
      };
      for (const { id, at } of rows) places.set(id, at);
      if (cursor === null || rows.length === 0) break;
      before = `&before=${encodeURIComponent(cursor)}`;
    }
  }
  return places.get(idOf(n)) ?? '';
}
