// A leash with named agents, three hosts behind it and a policy with comments: what tests of allowing
// and blocking from the page start from.

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run-client.ts';
import { type Dns, startDns } from './start-dns.ts';
import { type Leash, startLeash } from './start-leash.ts';
import { type Origin, startOrigin } from './start-origin.ts';

export const VIEWER_TOKEN = 'token-of-this-test';
export const HOSTS = ['api.shop.test', 'cdn.shop.test', 'other.test'] as const;

/** The list that each test starts with: comments and a layout of its own. */
export const ENFORCE = `# who may go where   (ask Ada)
allow:

  # code
  - docs.test      # read only, by habit
  - { host: mirror.test,  ports: [ 443, 8443 ] }
`;

export type HardenSite = {
  readonly leash: Leash;
  readonly origin: Origin;
  /** One request of an agent; gives its status as curl saw it, `000` for a refused tunnel. */
  ask(agent: string, url: string, ...args: string[]): Promise<string>;
  urlOf(host: string, path: string): string;
  enforceText(): Promise<string>;
  /** The policy as at the start, in this mode; resolves when it is in force. */
  reset(mode: string): Promise<void>;
  close(): Promise<void>;
};

export async function startHardenSite(): Promise<HardenSite> {
  const dns: Dns = await startDns(Object.fromEntries(HOSTS.map((name) => [name, ['127.0.0.1']])));
  const origin = await startOrigin({
    tls: { names: HOSTS },
    handler(request, response) {
      request.resume().on('end', () => {
        response.writeHead(request.url?.startsWith('/gone') ? 404 : 200, {
          'content-type': 'text/plain',
        });
        response.end('answer\n');
      });
    },
  });
  const agents = ['builder', 'tester'].map((name) => ({
    name,
    token_sha256: createHash('sha256').update(`secret-${name}`).digest('hex'),
  }));
  const leash = await startLeash({
    env: {
      LEASH_UPSTREAM_CA: origin.caFile,
      LEASH_VIEWER_TOKEN: VIEWER_TOKEN,
      LEASH_DNS: dns.address,
    },
    policy: {
      mode: 'audit\n',
      'enforce.yaml': ENFORCE,
      'blocklist.yaml': 'block: []\n',
      'agents.yaml': { agents },
      'network.yaml': { allow_private: ['127.0.0.0/8'] },
    },
  });
  const headers = { authorization: `Bearer ${VIEWER_TOKEN}`, 'content-type': 'application/json' };
  const enforce = join(leash.policyDir, 'enforce.yaml');
  return {
    leash,
    origin,
    async ask(agent, url, ...args) {
      const proxy = leash.proxyUrl.replace('http://', `http://${agent}:secret-${agent}@`);
      const basic = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', leash.caFile];
      return (await run('curl', [...basic, '--proxy', proxy, ...args, url])).stdout;
    },
    urlOf: (host, path) => `https://${host}:${origin.port}${path}`,
    enforceText: () => readFile(enforce, 'utf8'),
    async reset(mode) {
      // By the API, because it answers when the workers have it.
      for (const [file, text] of [
        ['enforce.yaml', ENFORCE],
        ['blocklist.yaml', 'block: []\n'],
      ]) {
        const body = JSON.stringify({ file, text });
        const url = `${leash.viewerUrl}/api/policy/replace`;
        const { status } = await fetch(url, { method: 'POST', headers, body });
        if (status !== 200) throw new Error(`Cannot reset ${file}: ${status}`);
      }
      await fetch(`${leash.viewerUrl}/api/mode`, {
        method: 'PUT',
        headers,
        body: JSON.stringify({ mode }),
      });
    },
    async close() {
      await leash.close();
      await origin.close();
      await dns.close();
    },
  };
}

/** Edits a policy file as a person does, while the page looks at it. */
export function editByHand(site: HardenSite, text: string): Promise<void> {
  return writeFile(join(site.leash.policyDir, 'enforce.yaml'), text);
}
