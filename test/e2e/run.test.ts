// The two commands of the README, as a stranger runs them in a fresh checkout whose path has a
// blank in it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyCheckout } from '../support/checkout.ts';
import { freePorts } from '../support/free-port.ts';
import { readRecords } from '../support/leash-records.ts';
import { clientEnv, run } from '../support/run-client.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

let temp: TempDir;
let checkout: string;
let origin: Origin;

beforeAll(async () => {
  temp = await tempDir();
  checkout = join(temp.path, 'a check out');
  await copyCheckout(checkout, 'docs/event.schema.json', 'test/support');
  origin = await startOrigin({ tls: { names: ['127.0.0.1'] } });
});
afterAll(async () => {
  await origin.close();
  await temp.close();
});

describe('setup.sh run', () => {
  let leash: ChildProcess;
  let output = '';
  let env: Record<string, string>;
  const logPath = () => join(checkout, 'data/logs/egress.jsonl');

  beforeAll(async () => {
    const [proxyPort, viewerPort] = await freePorts(2);
    env = {
      LEASH_PROXY_PORT: String(proxyPort),
      PORT: String(viewerPort),
      LEASH_UPSTREAM_CA: origin.caFile,
      LEASH_WORKERS: '1',
    };
    // A group of its own, which gets the signal as the group of a terminal does.
    leash = spawn(join(checkout, 'setup.sh'), ['run'], {
      cwd: '/',
      env: clientEnv(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const collect = (chunk: Buffer) => {
      output += String(chunk);
    };
    leash.stdout?.on('data', collect);
    leash.stderr?.on('data', collect);
    await waitFor(() => ended() || output.includes('--proxy'), {
      what: 'the greeting',
      timeoutMs: 60_000,
    });
  });
  afterAll(() => {
    if (!ended()) signalGroup('SIGKILL');
  });
  const ended = () => leash.exitCode !== null || leash.signalCode !== null;
  const signalGroup = (name: NodeJS.Signals) => process.kill(-(leash.pid ?? 0), name);

  it('builds, and greets with proxy, viewer, CA file and the SHA-256 of the CA', async () => {
    const caFile = join(checkout, 'data/state/ca.pem');
    const { stdout } = await run('openssl', [
      ...['x509', '-in', caFile, '-noout', '-fingerprint', '-sha256'],
    ]);
    expect(output).toContain('leash is running: mode audit');
    expect(output).toContain(`proxy    http://127.0.0.1:${env.LEASH_PROXY_PORT}\n`);
    expect(output).toContain(`viewer   http://127.0.0.1:${env.PORT}\n`);
    expect(output).toContain(`CA       ${caFile}\n`);
    expect(output).toContain(`SHA-256  ${stdout.trim().split('=')[1]}\n`);
  });

  it('data/leashctl is leashctl for it, in any folder', async () => {
    const { code, stdout } = await run(join(checkout, 'data/leashctl'), ['status'], { cwd: '/' });
    expect(stdout).toContain(`proxy        127.0.0.1:${env.LEASH_PROXY_PORT}\n`);
    expect(code).toBe(0);
  });

  it('a request that curl sends through it arrives and is in the record, with both bodies', async () => {
    await writeFile(join(checkout, 'data/policy/network.yaml'), 'allow_private: [127.0.0.0/8]\n');
    // The policy is in force when a request passes that was refused before.
    const answer = await waitFor(
      async () => {
        const args = ['-sS', '-d', 'sent by curl', '-H', 'content-type: text/plain'];
        const result = await curl(...args, `${origin.url}/echo`);
        return result.stdout === 'sent by curl' && result;
      },
      { what: 'an answer through the proxy', timeoutMs: 10_000 },
    );
    expect(answer.code).toBe(0);
    expect(await outcomes(`${origin.url}/echo`, 1)).toMatchObject([
      { method: 'POST', status: 200, req_body: 'sent by curl', res_body: 'sent by curl' },
    ]);
  });

  it('the line to try works as it is pasted', async () => {
    const line = /^ {2}try {6}(.*) https:\/\/example\.com\/$/m.exec(output)?.[1];
    const { code, stdout } = await run('sh', ['-c', `${line} -sS ${origin.url}/status/200`]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '200\n' });
  });

  it("the README's variables send plain and TLS requests of curl and Python through it", async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const block = /```sh\n(export HTTPS_PROXY=[\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const script = block.replaceAll('127.0.0.1:8080', `127.0.0.1:${env.LEASH_PROXY_PORT}`);
    const plain = await startOrigin();
    const python = 'import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())';
    for (const url of [`${plain.url}/status/200`, `${origin.url}/status/200`]) {
      for (const client of ['curl -sS', `python3 -c '${python}'`]) {
        const { stdout, stderr } = await run('sh', ['-c', `${script}\n${client} ${url}`], {
          cwd: checkout,
        });
        expect({ client, stdout: stdout.trim(), stderr }).toEqual({
          client,
          stdout: '200',
          stderr: '',
        });
      }
    }
    expect(await outcomes(`${plain.url}/status/200`, 2)).toHaveLength(2);
    await plain.close();
  });

  it('the viewer answers with its page and the row of the request', async () => {
    const page = await fetch(`http://127.0.0.1:${env.PORT}/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<script');
    const rows = await fetch(`http://127.0.0.1:${env.PORT}/api/logs`);
    expect(rows.status).toBe(200);
    expect(await rows.text()).toContain('/echo');
  });

  it('Ctrl-C lets the request that runs end, and the exit code is 0', async () => {
    const running = curl('-sS', '-N', `${origin.url}/sse?n=20&every=100`);
    await waitFor(() => origin.requests.find(({ url }) => url.startsWith('/sse')), {
      what: 'the request at the origin',
    });
    const closed = once(leash, 'close');
    signalGroup('SIGINT');
    const { code, stdout } = await running;
    expect({ code, events: stdout.match(/^data: /gm)?.length }).toEqual({ code: 0, events: 20 });
    expect(await closed).toEqual([0, null]);
    const records = await readRecords(logPath());
    const answers = records.filter(({ event }) => event === 'allowed');
    expect(answers.at(-1)).toMatchObject({ url: `${origin.url}/sse?n=20&every=100`, status: 200 });
    expect(records.at(-2)).toMatchObject({ event: 'stop', reason: 'SIGINT' });
    expect(records.at(-1)).toMatchObject({ event: 'checkpoint' });
  });

  /** The last records of requests to a URL; they follow the answers that clients got. */
  function outcomes(asked: string, count: number) {
    const find = async () => {
      const records = await readRecords(logPath());
      const found = records.filter(({ event, url }) => event === 'allowed' && url === asked);
      return found.length >= count && found;
    };
    return waitFor(find, { what: `${count} records of ${asked}` });
  }

  function curl(...args: readonly string[]) {
    const proxy = `http://127.0.0.1:${env.LEASH_PROXY_PORT}`;
    const caFile = join(checkout, 'data/state/ca.pem');
    return run('curl', ['--proxy', proxy, '--cacert', caFile, ...args]);
  }
});

describe('setup.sh test', () => {
  const GOOD = "it('adds', () => expect(1 + 1).toBe(2));\n";
  const BAD = "it('subtracts', () => expect(2 - 1).toBe(2));\n";

  it('ends with the one line that says how many tests of all projects passed', async () => {
    await writeTests({ 'test/unit/sum.test.ts': GOOD, 'test/e2e/sum.test.ts': GOOD });
    const { code, lines } = await runTests();
    expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: '2 passed, 0 failed' });
    expect(lines.filter((line) => /\d+ passed, \d+ failed/.test(line))).toHaveLength(1);
  });

  it('fails where one test fails', async () => {
    await writeTests({ 'test/unit/sum.test.ts': GOOD, 'test/e2e/sum.test.ts': BAD });
    const { code, lines } = await runTests();
    expect({ code, last: lines.at(-1) }).toEqual({ code: 1, last: '1 passed, 1 failed' });
  });

  it('fails where all tests pass and a file is not formatted', async () => {
    await writeTests({ 'test/unit/sum.test.ts': `  ${GOOD}`, 'test/e2e/sum.test.ts': GOOD });
    const { code, lines } = await runTests();
    expect({ code, last: lines.at(-1) }).toEqual({ code: 1, last: '2 passed, 1 failed' });
  });

  it('counts a build that fails as one failure', async () => {
    const source = join(checkout, 'src/shared/later.ts');
    await writeFile(source, 'not TypeScript at all');
    const { code, lines } = await runTests();
    await rm(source);
    expect({ code, last: lines.at(-1) }).toEqual({ code: 1, last: '0 passed, 1 failed' });
  });

  async function writeTests(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(checkout, path, '..'), { recursive: true });
      await writeFile(join(checkout, path), `import { expect, it } from 'vitest';\n\n${text}`);
    }
  }

  async function runTests() {
    const { code, stdout } = await run(join(checkout, 'setup.sh'), ['test'], {
      cwd: '/',
      timeoutMs: 100_000,
    });
    return { code, lines: stdout.trimEnd().split('\n') };
  }
});
