// One sitting at an editor: a copy of a text in a folder of this user alone, the editor that the person
// chose, and the text as they left it. Knows nothing of policies.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type EditSession = {
  /** Where the copy lies: for who wants to keep it. */
  readonly path: string;
  /** Runs the editor to its end; the text then, or why there is none. */
  edit(): Promise<string | { readonly problem: string }>;
  /** Removes the copy. */
  close(): Promise<void>;
};

/** `name`: of the copy, so that the editor knows the kind of file. */
export async function openSession(
  env: NodeJS.ProcessEnv,
  name: string,
  text: string,
): Promise<EditSession> {
  // mkdtemp makes it for this user alone.
  const folder = await mkdtemp(join(tmpdir(), 'leashctl-'));
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return {
    path,
    async edit() {
      const command = env.VISUAL || env.EDITOR || 'vi';
      const code = await runEditor(command, path);
      if (code !== 0) return { problem: `the editor (${command}) ${code}` };
      return readFile(path, 'utf8');
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The variables may hold options, so a shell reads them, as for crontab and git. 0, or what went wrong. */
function runEditor(command: string, path: string): Promise<0 | string> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `${command} "$1"`, 'sh', path], { stdio: 'inherit' });
    // Ctrl-C is the editor's while it runs.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    child.once('error', (error) => resolve(`cannot be run: ${error.message}`));
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code === 0 ? 0 : `ended with ${code ?? signal}`);
    });
  });
}
