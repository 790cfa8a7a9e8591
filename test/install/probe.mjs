// What a leash that runs in this root does, as one line of JSON: whom its processes are, what the proxy
// lets pass, what the viewer answers. Run by test/install/install.test.ts inside of the root.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';

const token = readFileSync('/var/lib/leash/private/viewer-token', 'utf8').trim();
const VIEWER = 'http://127.0.0.1:8090';
const bearer = { authorization: `Bearer ${token}` };

const origin = createServer((ask, answer) => answer.end(`hello from ${ask.headers.host}`));
await new Promise((resolve) => origin.listen(0, '127.0.0.1', resolve));
const { port } = origin.address();

const before = await throughProxy(`http://127.0.0.1:${port}/`);
const added = await fetch(`${VIEWER}/api/policy/enforce/add`, {
  method: 'POST',
  headers: { ...bearer, 'content-type': 'application/json' },
  body: JSON.stringify({ host: '127.0.0.1', port, scope: 'host' }),
});
const { in_force: inForce } = await added.json();
await setPrivate(port);
const after = await throughProxy(`http://127.0.0.1:${port}/`);
const logs = await (await fetch(`${VIEWER}/api/logs?limit=50`, { headers: bearer })).json();
origin.close();

process.stdout.write(
  `${JSON.stringify({
    processes: processes(),
    before,
    added: { status: added.status, inForce },
    after,
    withoutToken: (await fetch(`${VIEWER}/api/logs`)).status,
    ready: (await fetch(`${VIEWER}/readyz`)).status,
    rows: JSON.stringify(logs).includes(`127.0.0.1:${port}`),
    old: JSON.stringify(logs).includes('evil.old.test'),
  })}\n`,
);

/** Loopback is opened by network.yaml alone; a rename, as an operator does. */
async function setPrivate(port) {
  const { renameSync, writeFileSync } = await import('node:fs');
  writeFileSync('/etc/leash/new', `allow_private: ['127.0.0.1/32:${port}']\n`);
  renameSync('/etc/leash/new', '/etc/leash/network.yaml');
  // In force within a second; what it comes to is shown in any case.
  for (let tries = 0; tries < 100; tries += 1) {
    const { status } = await throughProxy(`http://127.0.0.1:${port}/`);
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function throughProxy(url) {
  return new Promise((resolve, reject) => {
    const ask = request({ host: '127.0.0.1', port: 8080, path: url }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    ask.on('error', reject);
    ask.setHeader('host', new URL(url).host);
    ask.end();
  });
}

function processes() {
  const found = {};
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const entry = words.map((word) => /dist\/(\w+)\/main\.js$/.exec(word)?.[1]).find(Boolean);
    if (entry === undefined) continue;
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1].trim();
    found[entry] = {
      uid: statSync(`/proc/${pid}`).uid,
      groups: field('Groups'),
      capabilities: Number.parseInt(field('CapEff'), 16),
    };
  }
  return found;
}
