// The built viewer as a process of its own, over files that a test makes: no leash runs.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-port.ts';
import { clientEnv } from './run-client.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/viewer/main.js', import.meta.url));

export type ViewerFolders = {
  readonly dir: string;
  readonly logPath: string;
  readonly policyDir: string;
  readonly stateDir: string;
};

export type ViewerProcess = ViewerFolders & {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  close(): Promise<void>;
};

/** Starts it once `fill` has made its files; no token is asked for. */
export async function startViewerProcess(
  fill: (folders: ViewerFolders) => Promise<void>,
): Promise<ViewerProcess> {
  const temp = await tempDir();
  const dir = temp.path;
  const folders = {
    dir,
    logPath: join(dir, 'logs', 'egress.jsonl'),
    policyDir: join(dir, 'policy'),
    stateDir: join(dir, 'state'),
  };
  for (const name of ['logs', 'policy', 'state']) await mkdir(join(dir, name));
  await fill(folders);
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: clientEnv({
      LEASH_DIR: folders.policyDir,
      LOG_PATH: folders.logPath,
      LEASH_STATE_DIR: folders.stateDir,
      LEASH_VIEWER_BIND: '127.0.0.1',
      LEASH_VIEWER_TOKEN: 'off',
      PORT: String(port),
    }),
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor(isUp, { what: 'the viewer', timeoutMs: 20_000 });
  return {
    ...folders,
    url,
    port,
    pid: child.pid ?? 0,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill();
        await once(child, 'exit');
      }
      await temp.close();
    },
  };
}
