// THREATS V-02, V-05 and V-09 against a leash that runs: what its proxy, another site in the operator's
// browser, and whoever speaks to the viewer's port can do to policy, token and keys.

import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderState } from '../support/folder-state.ts';
import { portOf } from '../support/free-port.ts';
import { rawRequest } from '../support/raw.ts';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';

const TOKEN = 'token-of-this-test-0123456789';
const POLICY = {
  ...LOOPBACK_POLICY,
  'agents.yaml': { agent_networks: ['10.99.0.0/16'] },
  'enforce.yaml': 'allow: [good.test]\n',
};

let leash: Leash;
let browser: Browser;

beforeAll(async () => {
  leash = await startLeash({ policy: POLICY, env: { LEASH_VIEWER_TOKEN: TOKEN } });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
});

const viewerPort = () => Number(new URL(leash.viewerUrl).port);

describe('V-05: another site in the browser of an operator who is logged in', () => {
  let site: Server;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    site = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>elsewhere</title>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(`${leash.viewerUrl}/#token=${TOKEN}`);
    await page.locator('.page').waitFor();
  });
  afterAll(async () => {
    await context?.close();
    site?.close();
  });

  const targets = () =>
    [
      '/api/mode',
      '/api/policy/enforce/add',
      '/api/policy/blocklist/remove',
      '/api/login',
      '/api/logs',
    ].map((path) => leash.viewerUrl + path);

  it.each(['127.0.0.1', 'localhost'])(
    'from %s: forms, fetch, images, preflights: nothing changes',
    async (name) => {
      const before = folderState(leash.policyDir);
      const mode = await readFile(join(leash.policyDir, 'mode'), 'utf8');
      const seen: { url: string; method: string; status: number }[] = [];
      const other = await context.newPage();
      other.on('response', (response) =>
        seen.push({
          url: response.url(),
          method: response.request().method(),
          status: response.status(),
        }),
      );
      await other.goto(`http://${name}:${portOf(site.address())}/`);
      await other.evaluate(`(${ATTACK})(${JSON.stringify(targets())})`);
      await expect
        .poll(
          () =>
            seen.filter(({ method, url }) => method === 'POST' && url.startsWith(leash.viewerUrl))
              .length,
        )
        .toBeGreaterThanOrEqual(targets().length * 3);
      const changing = seen.filter(
        ({ method, url }) => method !== 'GET' && url.startsWith(leash.viewerUrl),
      );
      expect(changing.filter(({ status }) => status < 400)).toEqual([]);
      expect(folderState(leash.policyDir)).toEqual(before);
      expect(await readFile(join(leash.policyDir, 'mode'), 'utf8')).toBe(mode);
      await other.close();
    },
  );

  it('the page itself may: what is refused above is refused for its origin', async () => {
    const status = await page.evaluate(`fetch('/api/mode', { method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mode: 'audit', confirm: true }) }).then((r) => r.status)`);
    expect(status).toBe(200);
  });

  it.each(['null', 'http://evil.test', '', 'http://127.0.0.1', 'file://'])(
    'Origin %j changes nothing, with the cookie',
    async (origin) => {
      const [cookie] = await context.cookies();
      const before = folderState(leash.policyDir);
      for (const site of ['', 'cross-site', 'same-site', 'none']) {
        const response = await fetch(`${leash.viewerUrl}/api/mode`, {
          method: 'PUT',
          headers: {
            'content-type': 'application/json',
            cookie: `${cookie?.name}=${cookie?.value}`,
            ...(origin !== '' && { origin }),
            ...(site !== '' && { 'sec-fetch-site': site }),
          },
          body: JSON.stringify({ mode: 'enforce' }),
        });
        expect([origin, site, response.status]).toEqual([origin, site, 403]);
      }
      expect(folderState(leash.policyDir)).toEqual(before);
    },
  );
});

/** Everything that a page can send elsewhere without being asked; runs in the browser. */
const ATTACK = `async (targets) => {
  const body = JSON.stringify({ mode: 'blocklist', host: 'evil.test', scope: 'host', token: 'x' });
  const frame = (sandbox) => {
    const made = document.createElement('iframe');
    made.name = 'f' + Math.random();
    if (sandbox) made.setAttribute('sandbox', 'allow-forms allow-scripts');
    document.body.append(made);
    return made.name;
  };
  for (const url of targets) {
    for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', action: url, enctype, target: frame(false) });
      const input = document.createElement('input');
      input.name = body.slice(0, -1) + ',"x":"';
      input.value = '"}';
      form.append(input);
      document.body.append(form);
      form.submit();
    }
    const sandboxed = document.createElement('iframe');
    sandboxed.setAttribute('sandbox', 'allow-forms allow-scripts');
    sandboxed.srcdoc = '<form method=post action="' + url + '" enctype=text/plain><input name=a></form><script>document.forms[0].submit()</' + 'script>';
    document.body.append(sandboxed);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
      await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body, headers: { 'content-type': type } }).catch(() => {});
    }
    for (const method of ['PUT', 'PATCH', 'DELETE', 'POST']) {
      await fetch(url, { method, credentials: 'include', body, headers: { 'content-type': 'application/json' } }).catch(() => {});
    }
    navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' }));
    const image = document.createElement('img');
    image.src = url + '?mode=blocklist';
    document.body.append(image);
  }
}`;

describe('V-09: the token', () => {
  it('of a link stays in the browser: in no address, no Referer, and out of the log', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const seen: string[] = [];
    const bodies: string[] = [];
    page.on('request', (request) => {
      seen.push(`${request.url()} ${JSON.stringify(request.headers())}`);
      if ((request.postData() ?? '').includes(TOKEN)) bodies.push(new URL(request.url()).pathname);
    });
    await page.goto(`${leash.viewerUrl}/?view=state#token=${TOKEN}`);
    await page.locator('.page').waitFor();
    await page.goto(`${leash.viewerUrl}/`);
    await page.locator('.page').waitFor();
    // The browser itself never sends what is behind the #; playwright shows the address as it was typed.
    const sent = seen.map((text) => text.replace(`#token=${TOKEN}`, ''));
    expect(sent.filter((text) => text.includes(TOKEN) || text.includes('"referer":"http'))).toEqual(
      [],
    );
    expect(bodies).toEqual(['/api/login']);
    expect(page.url()).not.toContain(TOKEN);
    expect(
      await page.evaluate(
        'JSON.stringify([localStorage, sessionStorage, document.cookie, history.state])',
      ),
    ).not.toContain(TOKEN);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie?.value).not.toContain(TOKEN);
    expect(leash.stdout() + leash.stderr()).not.toContain(TOKEN);
    const logs = await readdir(join(leash.dir, 'logs'));
    for (const name of logs)
      expect(await readFile(join(leash.dir, 'logs', name), 'utf8')).not.toContain(TOKEN);
    await context.close();
  });

  it('can be guessed ten times a minute: then even the right one is refused', async () => {
    const ask = (token: string) =>
      fetch(`${leash.viewerUrl}/api/logs`, {
        headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': '192.0.2.1' },
      });
    const other = await run('curl', [
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '--interface',
      '127.0.0.7',
      '-H',
      `Authorization: Bearer ${TOKEN}`,
      `${leash.viewerUrl}/api/logs`,
    ]);
    expect(other.stdout).toBe('200');
    const statuses: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const { stdout } = await run('curl', [
        '-sS',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '--interface',
        '127.0.0.8',
        '-H',
        `Authorization: Bearer wrong${n}`,
        `${leash.viewerUrl}/api/logs`,
      ]);
      statuses.push(stdout);
    }
    expect(statuses).toEqual([...Array(10).fill('401'), '429', '429']);
    expect((await ask(TOKEN)).status).toBe(200);
  });
});

// Behind V-09: what an agent sends is in the log, this token too.
describe('V-02: through the proxy', () => {
  it('the viewer cannot be reached by any name, with the token too: nothing changes', async () => {
    const before = folderState(leash.policyDir);
    const port = viewerPort();
    const hosts = [
      '127.0.0.1',
      'localhost',
      '127.0.0.2',
      '0.0.0.0',
      '2130706433',
      '0x7f.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
      'LOCALHOST.',
    ];
    for (const host of hosts) {
      for (const [method, path] of [
        ['PUT', '/api/mode'],
        ['POST', '/api/policy/enforce/add'],
        ['GET', '/api/logs'],
        ['GET', '/api/stream'],
        ['GET', '/api/export.jsonl'],
      ]) {
        const head = `${method} http://${host}:${port}${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
        const body = '{"mode":"blocklist","host":"evil.test","scope":"host"}';
        const headers = `Authorization: Bearer ${TOKEN}\r\nOrigin: http://${host}:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
        const answer = await rawRequest(leash.proxyPort, `${head}${headers}${body}`);
        expect([host, path, answer.slice(0, 13)]).toEqual([
          host,
          path,
          expect.stringMatching(/^HTTP\/1\.1 (400|403|421|502) /),
        ]);
      }
    }
    expect(folderState(leash.policyDir)).toEqual(before);
  });
});
