// Writes a log as a fleet of agents leaves it: prompts with event streams, packages, git, internal
// hosts, what was refused, WebSockets, errors. Valid lines with their chain, the same for the same seed;
// not signed. Fast: what differs is put between texts that were made once.

import { mkdir } from 'node:fs/promises';
import { formatMembers } from '../src/shared/audit-line.ts';
import { ChainWriter, type Generated } from './chain-writer.ts';

export type GeneratorOptions = {
  readonly dir: string;
  /** Lines. */
  readonly records: number;
  readonly seed: number;
  readonly segmentBytes: number;
};

/** What the search for something rare looks for; it stands in about one line of ten thousand. */
export const RARE_TEXT = 'zq7-rare-needle';
const RARE_EVERY = 10_000;

type Kind = {
  readonly weight: number;
  readonly event: 'allowed' | 'blocked' | 'error' | 'websocket';
  readonly hosts: readonly string[];
  readonly method: string;
  readonly paths: readonly string[];
  readonly statuses: readonly number[];
  readonly type: string;
  readonly request: string;
  readonly response: string;
  readonly reason?: string;
};

const PROMPT = JSON.stringify({
  model: 'large-1',
  max_tokens: 4096,
  stream: true,
  messages: [
    { role: 'user', content: 'Read src/main.ts, find the race, and write a test for it.' },
  ],
});
const STREAM = [1, 2, 3, 4]
  .map((n) => `event: delta\ndata: {"index":${n},"text":"I will look at the file first."}\n\n`)
  .join('');
const PACKAGE = '{"name":"left-pad","versions":{"1.3.0":{"dist":{"integrity":"sha512-x"}}}}';

const KINDS: readonly Kind[] = [
  {
    weight: 30,
    event: 'allowed',
    hosts: ['api.anthropic.test', 'api.openai.test', 'generative.google.test'],
    method: 'POST',
    paths: ['/v1/messages', '/v1/chat/completions', '/v1/responses'],
    statuses: [200, 200, 200, 200, 429, 529],
    type: 'text/event-stream',
    request: PROMPT,
    response: STREAM,
  },
  {
    weight: 28,
    event: 'allowed',
    hosts: ['registry.npmjs.test', 'pypi.test', 'files.pythonhosted.test', 'proxy.golang.test'],
    method: 'GET',
    paths: ['/left-pad', '/simple/requests/', '/packages/a/b', '/github.com/x/y/@v/list'],
    statuses: [200, 200, 200, 304, 404],
    type: 'application/json',
    request: '',
    response: PACKAGE,
  },
  {
    weight: 14,
    event: 'allowed',
    hosts: ['github.test', 'codeload.github.test', 'gitlab.test'],
    method: 'GET',
    paths: ['/acme/app/info/refs', '/acme/lib/git-upload-pack', '/acme/app/tar.gz/main'],
    statuses: [200, 200, 401],
    type: 'application/x-git-upload-pack-result',
    request: '',
    response: '',
  },
  {
    weight: 10,
    event: 'allowed',
    hosts: ['10.0.3.7', 'build.internal.test', 'artifacts.internal.test'],
    method: 'PUT',
    paths: ['/artifact', '/cache', '/status'],
    statuses: [200, 201, 503],
    type: 'text/plain',
    request: 'ok',
    response: 'stored',
  },
  {
    weight: 10,
    event: 'blocked',
    hosts: ['paste.test', 'evil.test', 'transfer.test', 'metrics.vendor.test'],
    method: 'POST',
    paths: ['/upload', '/collect', '/raw'],
    statuses: [403],
    type: '',
    request: '',
    response: '',
    reason: 'not_in_allowlist',
  },
  {
    weight: 5,
    event: 'error',
    hosts: ['flaky.test', 'old.vendor.test'],
    method: 'GET',
    paths: ['/health', '/v1/data'],
    statuses: [502],
    type: '',
    request: '',
    response: '',
    reason: 'connect: ETIMEDOUT',
  },
  {
    weight: 3,
    event: 'websocket',
    hosts: ['realtime.openai.test'],
    method: '',
    paths: ['/'],
    statuses: [],
    type: '',
    request: '{"type":"response.create"}',
    response: '',
  },
];

/** Texts of a line, between which the numbers go. */
type Template = { readonly kind: Kind; readonly head: string; readonly tail: string };

export async function generateLog(options: GeneratorOptions): Promise<Generated> {
  await mkdir(options.dir, { recursive: true });
  const writer = new ChainWriter(options);
  const random = randomOf(options.seed);
  const templates = KINDS.flatMap((kind) => Array.from({ length: kind.weight }, () => kind)).map(
    (kind) => Array.from({ length: 12 }, (_, n) => templateOf(kind, n)),
  );
  let flow = 0;
  while (writer.lines < options.records) {
    const some = templates[random() % templates.length] ?? [];
    const template = some[random() % some.length];
    if (template === undefined) break;
    flow += 1;
    const id = `1-${flow % 4}-${flow}`;
    const { kind, head, tail } = template;
    const isRare = flow % RARE_EVERY === 7;
    const query = `?r=${random().toString(36)}${isRare ? RARE_TEXT : ''}`;
    const identity = `${head}${query}"`;
    if (kind.event === 'allowed' || kind.event === 'error')
      writer.add('intent', id, `${identity}}`);
    const status = kind.statuses[random() % Math.max(1, kind.statuses.length)];
    const numbers =
      (status === undefined ? '' : `,"status":${status}`) +
      `,"bytes":${random() % 100_000},"req_bytes":${random() % 10_000}` +
      `,"duration_ms":${(random() % 4_000_000) / 1000}`;
    const request = random().toString(16).padStart(8, '0');
    writer.add(kind.event, id, `${identity}${numbers}${tail.replace('REQUEST', request)}}`);
    if (flow % 4096 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return writer.end();
}

function templateOf(kind: Kind, n: number): Template {
  const host = kind.hosts[n % kind.hosts.length] ?? '';
  const agent = ['builder', 'reviewer', 'ci', 'researcher'][n % 4];
  const path = kind.paths[n % kind.paths.length];
  const isMessage = kind.event === 'websocket';
  const head = formatMembers({
    client: `10.1.${n % 3}.${10 + n}`,
    agent,
    host,
    port: 443,
    ...(!isMessage && { method: kind.method, rule: host, policy: 3 }),
    ...(isMessage && { direction: n % 2 === 0 ? 'client' : 'server', opcode: 1 }),
    url: `https://${host}${path}`,
  });
  const tail = formatMembers({
    ...(n % 5 === 0 && kind.event === 'allowed' && { audit: 'would_block_in_enforce' }),
    ...(kind.reason !== undefined && { reason: kind.reason, stage: 'request' }),
    ...(isMessage
      ? { body: kind.request }
      : {
          proto: n % 2 === 0 ? 'h2' : 'h1',
          req_headers: [
            ['host', host],
            ['user-agent', `agent-sdk/${1 + (n % 3)}.4.0 node/20.19.5 linux x64`],
            ['accept', kind.type || '*/*'],
            ['authorization', `Bearer sk-test-${'0123456789abcdef'.repeat(3)}`],
            ['x-request-id', 'REQUEST'],
          ],
          ...(kind.event === 'allowed' && {
            res_headers: [
              ['content-type', kind.type],
              ['date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
              ['server', n % 2 === 0 ? 'cloudflare' : 'nginx'],
              ['cache-control', 'no-cache'],
            ],
            req_body: kind.request,
            res_body: kind.response,
            req_sha256: kind.request === '' ? '' : 'ab'.repeat(32),
            res_sha256: 'cd'.repeat(32),
          }),
        }),
  });
  // The last quote of the URL is left open: a query goes there.
  return { kind, head: head.slice(0, -1), tail: `,${tail}` };
}

/** A generator of 32-bit numbers that gives the same for the same seed (xorshift). */
function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
