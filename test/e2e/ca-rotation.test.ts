// The CA is changed under agents that work: by leashctl, without a restart; and a backup of a leash goes on
// elsewhere as the same one.

import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCas } from '../../src/shared/trust/trusted-ca.ts';
import { connectThrough } from '../support/raw.ts';
import { run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));

let temp: TempDir;
let leash: Leash;
beforeAll(async () => {
  temp = await tempDir();
  leash = await startLeash({ dir: join(temp.path, 'first'), workers: 2, policy: POLICY });
});
afterAll(async () => {
  await leash.close();
  await temp.close();
});

const POLICY = { mode: 'audit\n' };
const ctl = (...args: string[]) =>
  run(process.execPath, [PROGRAM, ...args], { env: { LEASH_STATE_DIR: leash.stateDir } });
const caPem = () => readFile(leash.caFile, 'utf8');

/** An agent that trusts these CAs: gets a file by TLS that leash opened, or the words of its refusal. */
async function agent(trusts: string): Promise<string> {
  const { socket } = await connectThrough(leash.proxyPort, 'leash.internal:443');
  const tls = connectTls({ socket, servername: 'leash.internal', ca: trusts });
  try {
    await new Promise((resolve, reject) => {
      tls.once('secureConnect', () => resolve(undefined));
      tls.once('error', reject);
    });
    return 'works';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'fails';
  } finally {
    tls.destroy();
  }
}

describe('leashctl ca rotate', () => {
  it('changes the CA step by step, while workers go on', async () => {
    const first = await caPem();
    const pids = leash.workerPids();
    expect(await agent(first)).toBe('works');

    const begun = await ctl('ca', 'rotate', '--after', '30d');
    expect(begun).toMatchObject({ code: 0, stderr: '' });
    expect(begun.stdout).toMatch(/CA +signs now[\s\S]*CA +will sign from \d{4}-/);
    const both = await caPem();
    expect(readCas(both)).toHaveLength(2);
    expect(await agent(first)).toBe('works');
    const asked = 'http://leash.internal/ca.pem';
    const handed = await run('curl', ['-fsS', '-x', leash.proxyUrl, asked]);
    expect(handed.stdout).toBe(both);
    expect((await run('curl', ['-fsS', `${leash.viewerUrl}/ca.pem`])).stdout).toBe(both);
    const bundle = await run('curl', [
      '-fsS',
      '-x',
      leash.proxyUrl,
      asked.replace('ca.', 'ca-bundle.'),
    ]);
    expect(readCas(bundle.stdout).map(({ sha256 }) => sha256)).toEqual(
      expect.arrayContaining(readCas(both).map(({ sha256 }) => sha256)),
    );

    // The date comes: agents that were given both notice nothing, the others do.
    expect((await ctl('ca', 'rotate', '--after', '1s')).code).toBe(0);
    await expect.poll(() => agent(first), { timeout: 10_000 }).not.toBe('works');
    expect(await agent(both)).toBe('works');
    await expect.poll(async () => readCas(await caPem()).length, { timeout: 10_000 }).toBe(1);
    const last = await caPem();
    expect(both).toContain(last.trimEnd());
    for (let n = 0; n < 6; n += 1) expect(await agent(last)).toBe('works');
    expect(leash.workerPids()).toEqual(pids);

    const steps = (await leash.records()).filter(({ event }) => event === 'ca_change');
    expect(steps.map(({ step }) => step)).toEqual(['begin', 'plan', 'switch', 'finish']);
    expect(steps[0]?.actor).toMatch(/^leashctl /);
    expect((await leash.verifyChain()).code).toBe(0);
  });

  it('says what is wrong with what was asked, and asks for nothing then', async () => {
    expect(await ctl('ca', 'rotate', '--after', 'soon')).toMatchObject({ code: 2 });
    expect(await ctl('ca', 'rotate', '--finish', '--after', '1d')).toMatchObject({ code: 2 });
    const none = await ctl('ca', 'rotate', '--finish');
    expect(none).toMatchObject({ code: 1, stderr: 'leashctl: no rotation is under way\n' });
  });

  it('shows the CA and its variables', async () => {
    const shown = JSON.parse((await ctl('ca', 'show', '--json')).stdout);
    const [ca] = readCas(await caPem());
    expect(shown).toMatchObject({
      path: leash.caFile,
      cas: [{ role: 'signs', sha256: ca?.sha256 }],
    });
    const env = await ctl('ca', 'env', '--shell', 'docker', '--proxy', 'leash:3128');
    expect(env.stdout).toContain('ENV HTTPS_PROXY="http://leash:3128"\n');
    expect(await ctl('ca', 'env', '--proxy', "x';id:1")).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('a backup', () => {
  it('of state and policy, put back elsewhere, is the same leash to its agents', async () => {
    const trusts = await caPem();
    await leash.stop();
    const folder = join(temp.path, 'second');
    await mkdir(folder);
    for (const name of ['state', 'policy']) {
      const options = { recursive: true, preserveTimestamps: true };
      await cp(join(leash.dir, name), join(folder, name), options);
    }
    leash = await startLeash({ dir: folder, policy: POLICY });
    expect(await caPem()).toBe(trusts);
    expect(await agent(trusts)).toBe('works');
    const start = await leash.waitForRecords(({ event }) => event === 'start');
    const [ca] = readCas(trusts);
    expect(start.ca).toEqual([ca?.sha256.replaceAll(':', '').toLowerCase()]);
  });
});
