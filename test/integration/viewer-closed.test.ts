// THREATS V-01 to V-04 and V-06: every route there is, also one that is added later, is closed to agents,
// to whoever comes through the proxy, and to names and addresses that are not the operator's.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LOGIN_PATH, PUBLIC_PATHS } from '../../src/viewer/access/access.ts';
import { folderState } from '../support/folder-state.ts';
import { FOREIGN_HOSTS, meant, pathOf, spellings } from '../support/route-walk.ts';
import { startViewer, type TestViewer, type ViewerOptions } from '../support/start-viewer.ts';

const TOKEN = 'token-of-this-test';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const AGENT = '127.0.0.9';
const OVERRIDES = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'];
/** What each changing route takes; a body that fits none is refused before anything else. */
const CHANGE = { mode: 'audit', host: 'evil.test', scope: 'host', token: 'wrong', confirm: true };

let viewer: TestViewer;
afterEach(() => viewer.close());

async function start(options: ViewerOptions = {}, agents = '[127.0.0.8/29]'): Promise<void> {
  viewer = await startViewer({ viewerToken: TOKEN, ...options });
  await mkdir(viewer.policyDir, { recursive: true });
  const files = {
    mode: 'enforce\n',
    'enforce.yaml': 'allow: [good.test]\n',
    'blocklist.yaml': 'block: [bad.test]\n',
    'agents.yaml': `agent_networks: ${agents}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(viewer.policyDir, name), text);
  }
}

/** Each route once; those that stand before all others have no path of their own. */
function paths(): string[] {
  return [...new Set(viewer.routes.map(({ path }) => pathOf(path)))];
}

type Try = { path: string; method: string; headers?: Record<string, string> };

/** Every route × spelling × method, and the methods in a header. */
function tries(): Try[] {
  return paths().flatMap((path) =>
    spellings(path).flatMap((spelling) => [
      ...METHODS.map((method) => ({ path: spelling, method })),
      ...OVERRIDES.flatMap((name) =>
        ['POST', 'DELETE'].map((to) => ({
          path: spelling,
          method: 'GET',
          headers: { [name]: to },
        })),
      ),
    ]),
  );
}

type Sent = { from?: string; headers?: Record<string, string> };

/** Sends them, some at a time; gives each with its status. */
async function sendAll(all: readonly Try[], { from, headers = {} }: Sent) {
  const results: (Try & { status: number })[] = [];
  const queue = [...all];
  const lane = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const isRead = next.method === 'GET' || next.method === 'HEAD';
      const { status } = await viewer.ask(next.path, {
        method: next.method,
        headOnly: true,
        headers: { ...viewer.pageHeaders(), ...headers, ...next.headers },
        ...(!isRead && { json: CHANGE }),
        ...(from !== undefined && { from }),
      });
      results.push({ ...next, status });
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  return results;
}

const isOpen = ({ path, method }: Try) =>
  (method === 'GET' || method === 'HEAD') && PUBLIC_PATHS.has(meant(path));

describe('V-01: every route of the table', () => {
  it('has routes, and the ones that change something are among them', async () => {
    await start();
    expect(paths()).toEqual(expect.arrayContaining(['/api/logs', '/api/mode', LOGIN_PATH]));
    expect(viewer.routes.filter(({ method }) => method === 'POST').length).toBeGreaterThan(1);
  });

  it('is 403 to an agent, with the token too, in every spelling and method, and nothing changes', async () => {
    await start();
    const before = folderState(viewer.dir);
    for (const headers of [{}, { authorization: `Bearer ${TOKEN}` }]) {
      const results = await sendAll(tries(), { from: AGENT, headers });
      const let_in = results.filter((each) => each.status !== 403 && !isOpen(each));
      expect(let_in).toEqual([]);
    }
    expect(folderState(viewer.dir)).toEqual(before);
  });

  it('is 401 without the token, but for health, CA, page and login, and nothing changes', async () => {
    await start();
    const before = folderState(viewer.dir);
    const isPage = ({ path, method }: Try) =>
      (method === 'GET' || method === 'HEAD') && ['/', '/index.html'].includes(meant(path));
    const results = await sendAll(tries(), {});
    const let_in = results.filter(
      (each) =>
        each.status !== 401 &&
        !(each.status === 429 && meant(each.path) === LOGIN_PATH) &&
        !isOpen(each) &&
        !isPage(each),
    );
    expect(let_in).toEqual([]);
    expect(folderState(viewer.dir)).toEqual(before);
  });

  it('does nothing on a read that names another method, to an operator with the token', async () => {
    await start();
    const before = folderState(viewer.dir);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const reads = tries().filter(({ method }) => method === 'GET' || method === 'HEAD');
    await sendAll(reads, { headers });
    expect(folderState(viewer.dir)).toEqual(before);
  });
});

describe('V-02: what comes out of leash itself', () => {
  const VIA = [
    '1.1 leash-0123456789abcdef',
    'HTTP/1.1 LEASH-0123456789abcdef (comment)',
    '1.0 other, 1.1 leash-0123456789abcdef',
    '1.1 leash-0123456789abcdef, 1.1 nginx',
    '2 leash-',
    '1.1\tleash-0123456789abcdef',
  ];

  it('is refused by its hop token on every route: no change in a thousand tries and more', async () => {
    await start();
    const before = folderState(viewer.dir);
    let count = 0;
    for (const via of VIA) {
      const headers = { via, authorization: `Bearer ${TOKEN}` };
      const all = paths().flatMap((path) => METHODS.map((method) => ({ path, method })));
      const results = await sendAll([...all, ...all], { headers });
      count += results.length;
      expect(results.filter((each) => each.status !== 403 && !isOpen(each))).toEqual([]);
    }
    expect(count).toBeGreaterThan(1000);
    expect(folderState(viewer.dir)).toEqual(before);
  });

  it('changes nothing from an address of leash without the token, in a thousand tries', async () => {
    await start({ viewerToken: 'off', viewerBind: '', ownAddresses: ['127.0.0.5'] });
    const before = folderState(viewer.dir);
    const changing = viewer.routes
      .filter(({ method, path }) => !['GET', 'ALL', 'HEAD'].includes(method) && path !== LOGIN_PATH)
      .map(({ method, path }) => ({ method, path: pathOf(path) }));
    const all = Array.from({ length: 1000 }, (_, n) => changing[n % changing.length] as Try);
    const results = await sendAll(all, { from: '127.0.0.5' });
    expect(results.filter(({ status }) => status !== 403)).toEqual([]);
    expect(folderState(viewer.dir)).toEqual(before);
  });
});

describe('V-03: an agent by any spelling of its address', () => {
  const AGENTS = [
    '10.99.0.5',
    '::ffff:10.99.0.5',
    '::ffff:a63:5',
    '::FFFF:0A63:0005',
    '0:0:0:0:0:ffff:10.99.0.5',
    'fd00:1:2:3::5',
    'FD00:1:2:3::5',
    'fd00:0001:0002:0003:0000:0000:0000:0005',
    'fd00:1:2:3:0:0:0.0.0.5',
    'fd00:1:2:3::5%eth0',
  ];
  const CLAIMS = [
    'x-forwarded-for',
    'forwarded',
    'x-real-ip',
    'true-client-ip',
    'cf-connecting-ip',
    'x-client-ip',
    'x-cluster-client-ip',
  ];

  it('is refused on every route, whatever a header claims', async () => {
    await start({ trustedProxies: ['10.1.0.0/16'] }, '[10.99.0.0/16, "fd00:1:2:3::/64"]');
    const let_in: unknown[] = [];
    for (const remote of AGENTS) {
      for (const name of ['', ...CLAIMS]) {
        const claim = name === 'forwarded' ? 'for=192.0.2.1' : '192.0.2.1';
        const headers = {
          host: viewer.host,
          authorization: `Bearer ${TOKEN}`,
          ...viewer.pageHeaders(),
          'content-type': 'application/json',
          ...(name !== '' && { [name]: claim }),
        };
        for (const path of ['/api/logs', '/api/policy', '/']) {
          const { status } = await viewer.askFrom(remote, path, { headers });
          if (status !== 403) let_in.push([remote, name, path, status]);
        }
        const body = JSON.stringify(CHANGE);
        const { status } = await viewer.askFrom(remote, '/api/mode', {
          method: 'PUT',
          headers,
          body,
        });
        if (status !== 403) let_in.push([remote, name, 'PUT', status]);
      }
    }
    expect(let_in).toEqual([]);
    const operator = { headers: { host: viewer.host, authorization: `Bearer ${TOKEN}` } };
    expect((await viewer.askFrom('192.0.2.1', '/api/logs', operator)).status).toBe(200);
  });

  it('is refused behind a trusted proxy, too: the right-most hop that is not trusted counts', async () => {
    await start({ trustedProxies: ['10.1.0.0/16'] }, '[10.99.0.0/16]');
    const ask = async (forwarded: string) => {
      const headers = {
        host: viewer.host,
        authorization: `Bearer ${TOKEN}`,
        'x-forwarded-for': forwarded,
      };
      return (await viewer.askFrom('10.1.0.1', '/api/logs', { headers })).status;
    };
    for (const hops of [
      '10.99.0.5',
      '192.0.2.1, 10.99.0.5',
      '192.0.2.1, ::ffff:10.99.0.5, 10.1.0.2',
      '[::ffff:a63:5]:1234',
      '10.99.0.5:80',
    ]) {
      expect([hops, await ask(hops)]).toEqual([hops, 403]);
    }
    expect(await ask('10.99.0.5, 192.0.2.1')).toBe(200);
  });
});

describe('V-04: nobody changes anything without the token while agents are not known', () => {
  const BROKEN: [string, string | null][] = [
    ['missing', null],
    ['empty', ''],
    ['blank', '\n\n# nothing\n'],
    ['unparsable', 'agent_networks: [10.0.0.0/8\n'],
    ['an empty list', 'agent_networks: []\n'],
    ['no list', 'agent_networks: 10.0.0.0/8\n'],
    ['host bits set', 'agent_networks: [10.0.0.5/8]\n'],
    ['everything', 'agent_networks: [0.0.0.0/0]\n'],
    ['a number', 'agent_networks: [7]\n'],
    ['another name', 'agent_network: [10.0.0.0/8]\n'],
    ['a mapped network', 'agent_networks: ["::ffff:0.0.0.0/96"]\n'],
  ];

  it.each(BROKEN)('agents.yaml is %s', async (_, text) => {
    for (const viewerToken of ['off', TOKEN]) {
      await start({ viewerToken });
      const file = join(viewer.policyDir, 'agents.yaml');
      if (text === null) await rm(file);
      else await writeFile(file, text);
      const before = folderState(viewer.policyDir);
      const changing = viewer.routes
        .filter(({ method }) => !['GET', 'ALL', 'HEAD'].includes(method))
        .map(({ method, path }) => ({ method, path: pathOf(path) }))
        .filter(({ path }) => path !== LOGIN_PATH);
      const results = await sendAll(changing, {});
      expect(results.filter(({ status }) => status !== 401 && status !== 403)).toEqual([]);
      expect(folderState(viewer.policyDir)).toEqual(before);
      const meta = await viewer.ask('/api/meta', { headers: { authorization: `Bearer ${TOKEN}` } });
      if (meta.status === 200) expect(meta.json.agents_known).toBe(false);
      if (viewerToken === 'off') await viewer.close();
    }
  });
});

describe('V-06: DNS rebinding', () => {
  it('a name that is none of the viewer is 421 on every route but health and CA', async () => {
    await start();
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const host of FOREIGN_HOSTS) {
      const all = paths().map((path) => ({ path, method: 'GET', headers: { host } }));
      const results = await sendAll(all, { headers });
      expect(
        results.filter((each) => each.status !== 421 && each.status !== 400 && !isOpen(each)),
      ).toEqual([]);
    }
  });
});
