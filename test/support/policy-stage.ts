// A leash in enforce mode with a policy that a person wrote, an origin behind it, and `leashctl` as an
// operator runs it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, run } from './run-client.ts';
import { type Leash, startLeash } from './start-leash.ts';
import { type Origin, startOrigin } from './start-origin.ts';

export const LEASHCTL = fileURLToPath(
  new URL('../../dist/viewer/cli/leashctl.js', import.meta.url),
);

/** Comments, blank lines and an indent of its own: an edit has to keep them. */
export const ENFORCE = `# Who may go where. Do not reorder.
allow:
    # package index
    - pypi.org   # all of it

    - host: api.test
      ports: [443, 8443]
`;

export type PolicyStage = {
  readonly leash: Leash;
  readonly origin: Origin;
  /** The settings of the leash, and a user behind sudo. */
  readonly env: Readonly<Record<string, string>>;
  leashctl(args: readonly string[], more?: Readonly<Record<string, string>>): Promise<RunResult>;
  policy(file: string): Promise<string>;
  /** Whether leash lets it pass: then the origin answers, which knows no such page. */
  passes(url: string): Promise<boolean>;
  /** The files as they were. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

export async function startPolicyStage(): Promise<PolicyStage> {
  const origin = await startOrigin();
  const leash = await startLeash({
    workers: 2,
    policy: {
      mode: 'enforce\n',
      'enforce.yaml': ENFORCE,
      'agents.yaml': 'agents:\n  - { name: ci, networks: [10.9.0.0/16] }\n',
      'network.yaml': { allow_private: ['127.0.0.0/8'] },
    },
  });
  const env = {
    LEASH_STATE_DIR: leash.stateDir,
    LEASH_DIR: leash.policyDir,
    LOG_PATH: leash.logPath,
    LEASH_PROXY_PORT: String(leash.proxyPort),
    SUDO_USER: 'alice',
    // That of a leash which is installed here is none of the test's.
    LEASH_ENV_FILE: '/dev/null',
  };
  return {
    leash,
    origin,
    env,
    leashctl: (args, more = {}) =>
      run(process.execPath, [LEASHCTL, ...args], { env: { ...env, ...more } }),
    policy: (file) => readFile(join(leash.policyDir, file), 'utf8'),
    async passes(url) {
      const args = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '--proxy', leash.proxyUrl, url];
      const { stdout } = await run('curl', args);
      if (!/^40[34]$/.test(stdout)) throw new Error(`curl got ${stdout}`);
      return stdout === '404';
    },
    reset: () => leash.writePolicy({ 'enforce.yaml': ENFORCE }),
    async close() {
      await leash.close();
      await origin.close();
    },
  };
}
