// A leash that runs, with real traffic of each kind that a page can show: for looking at pages.

import { gzipSync } from 'node:zlib';
import { run } from './run-client.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from './start-leash.ts';
import { startOrigin } from './start-origin.ts';

export type BusyLeash = { readonly leash: Leash; readonly token: string; close(): Promise<void> };

const TOKEN = 'token-of-this-test';
const ANSWER = {
  id: 'msg_1',
  model: 'assistant-large',
  content: [{ type: 'text', text: 'The build fails because the lock file is older.' }],
  usage: { input_tokens: 1204, output_tokens: 212 },
};
const POLICY = {
  ...LOOPBACK_POLICY,
  'enforce.yaml':
    '# what the builders need\nallow:\n  - {host: localhost, paths: [{prefix: /v1}], ports: [PORT]}\n',
  'blocklist.yaml': 'block:\n  - pastebin.com # never\n',
  'agents.yaml':
    'agent_networks: [10.99.0.0/16]\nagents:\n  - {name: builder, networks: [10.99.1.0/24]}\n',
};

/** Starts it and sends its traffic; resolves when the last of it is on the record. */
export async function startBusyLeash(): Promise<BusyLeash> {
  const origin = await startOrigin({
    tls: { names: ['localhost'] },
    handler(request, response) {
      request.resume().on('end', () => {
        const { url = '' } = request;
        if (url.startsWith('/v1')) {
          response.writeHead(200, {
            'Content-Type': 'application/json',
            'Content-Encoding': 'gzip',
          });
          response.end(gzipSync(JSON.stringify(ANSWER)));
        } else if (url.startsWith('/events')) {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.end(
            'event: delta\ndata: {"text":"The"}\n\nevent: delta\ndata: {"text":" end"}\n\n',
          );
        } else if (url.startsWith('/image')) {
          response.writeHead(200, { 'Content-Type': 'image/png' });
          response.end(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
        } else {
          response.writeHead(url.startsWith('/down') ? 503 : 404, { 'Content-Type': 'text/plain' });
          response.end('nothing here\n');
        }
      });
    },
  });
  const text = POLICY['enforce.yaml'].replace('PORT', String(origin.port));
  const leash = await startLeash({
    policy: { ...POLICY, 'enforce.yaml': text },
    env: { LEASH_UPSTREAM_CA: origin.caFile, LEASH_VIEWER_TOKEN: TOKEN },
    workers: 2,
  });
  const curl = (...args: string[]) =>
    run('curl', ['-sS', '--proxy', leash.proxyUrl, '--cacert', leash.caFile, ...args]);
  const to = (path: string) => `https://localhost:${origin.port}${path}`;
  const json = ['-H', 'Content-Type: application/json', '-H', 'Authorization: Bearer sk-secret'];
  for (let n = 0; n < 12; n += 1) {
    await curl(
      ...json,
      '-d',
      JSON.stringify({ turn: n, ask: 'why does the build fail?' }),
      to('/v1/messages'),
    );
    await curl(to(`/packages/lib-${n % 4}/metadata.json?n=${n}`));
  }
  await curl(to('/events'));
  await curl(to('/image.png'));
  await curl(to('/down'));
  await curl('-d', 'name=value&other=1', to('/form'));
  await curl(to('/q?<script>alert(1)</script>\u202etxt'));
  await curl('http://10.255.255.1/latest/meta-data');
  await curl('http://169.254.169.254/latest/meta-data');
  await leash.waitForRecords(({ url }) => url?.includes('169.254'), 20_000);
  return {
    leash,
    token: TOKEN,
    async close() {
      await leash.close();
      await origin.close();
    },
  };
}
