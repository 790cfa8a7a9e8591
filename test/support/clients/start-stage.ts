// What stands around a client in a test: an origin with a certificate of the test's CA, a name that
// only leash can resolve (so what gets there went through leash), and a home folder of the client's
// own, so that no configuration of the machine has a say.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogRecord } from '../leash-records.ts';
import type { Handler } from '../origin-routes.ts';
import { type RunOptions, type RunResult, run } from '../run-client.ts';
import { startDns } from '../start-dns.ts';
import { type Leash, LOOPBACK_POLICY, type PolicyFiles, startLeash } from '../start-leash.ts';
import { type Origin, startOrigin } from '../start-origin.ts';
import { tempDir } from '../temp-dir.ts';
import { makeTestCa } from '../test-ca.ts';

export type StageOptions = {
  /** What the origins answer; absent: the built-in routes. `dir` is the stage's folder. */
  readonly handler?: (dir: string) => Handler;
  /** The origin of HTTPS speaks HTTP/2 where leash asks for it. */
  readonly http2?: boolean;
  /** Over the policy that lets everything pass. */
  readonly policy?: PolicyFiles;
};

export type Stage = {
  readonly leash: Leash;
  /** HTTPS as https://origin.test. */
  readonly origin: Origin;
  readonly url: string;
  /** The same without TLS, as http://plain.test. */
  readonly plain: Origin;
  readonly plainUrl: string;
  /** A folder for files of the test; `home` is in it. */
  readonly dir: string;
  readonly home: string;
  /** The variables that most clients read, in both spellings. */
  readonly proxyEnv: Readonly<Record<string, string>>;
  /** Runs a client with its own home and these variables only; an exit code other than 0 throws. */
  client(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** From now on `outcome` looks at later records only: for a second run with the same URLs. */
  mark(): Promise<void>;
  /** The first record that ended a request with this URL, or the first of them that fits. */
  outcome(url: string, fits?: (record: LogRecord) => boolean): Promise<LogRecord>;
  /** All hosts on the record: what a client asked for by itself, too. */
  hosts(): Promise<string[]>;
  close(): Promise<void>;
};

/** Names below .test never resolve on the internet (RFC 6761): a client that goes around leash fails. */
export const ORIGIN_NAME = 'origin.test';
export const PLAIN_NAME = 'plain.test';

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const temp = await tempDir();
  const home = join(temp.path, 'home');
  await mkdir(home);
  const ca = await makeTestCa(temp.path);
  const handler = options.handler?.(temp.path);
  const served = handler === undefined ? {} : { handler };
  const origin = await startOrigin({
    ...served,
    tls: { names: [ORIGIN_NAME], ca, http2: options.http2 ?? false },
  });
  const plain = await startOrigin(served);
  const dns = await startDns({ [ORIGIN_NAME]: ['127.0.0.1'], [PLAIN_NAME]: ['127.0.0.1'] });
  const leash = await startLeash({
    policy: { ...LOOPBACK_POLICY, ...options.policy },
    env: { LEASH_UPSTREAM_CA: ca.caFile, LEASH_DNS: dns.address },
  });
  const { proxyUrl } = leash;
  let marked = 0;
  return {
    leash,
    origin,
    url: `https://${ORIGIN_NAME}:${origin.port}`,
    plain,
    plainUrl: `http://${PLAIN_NAME}:${plain.port}`,
    dir: temp.path,
    home,
    proxyEnv: {
      HTTPS_PROXY: proxyUrl,
      https_proxy: proxyUrl,
      HTTP_PROXY: proxyUrl,
      http_proxy: proxyUrl,
    },
    async client(command, args, { env, ...rest } = {}) {
      const result = await run(command, args, {
        cwd: temp.path,
        ...rest,
        env: { HOME: home, ...env },
      });
      if (result.code === 0) return result;
      throw new Error(`${command} ended with ${result.code}:\n${result.stdout}\n${result.stderr}`);
    },
    async mark() {
      marked = (await leash.records()).at(-1)?.seq ?? 0;
    },
    outcome: (url, fits = () => true) =>
      leash.waitForRecords(
        (record) =>
          record.seq > marked && ENDS.includes(record.event) && record.url === url && fits(record),
      ),
    async hosts() {
      const hosts = (await leash.records()).map(({ host }) => host);
      return [...new Set(hosts)].filter((host) => host !== undefined).sort();
    },
    async close() {
      await leash.close();
      await origin.close();
      await plain.close();
      await dns.close();
      await temp.close();
    },
  };
}

const ENDS = ['allowed', 'blocked', 'error', 'revoked'];
