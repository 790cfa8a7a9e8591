// Runs one of the scripts for agents on this machine, as `sh -s` would from a pipe.

import { spawn } from 'node:child_process';
import { type Call, EXIT } from '../table/verb.ts';

/** What the script says goes where results go; its exit code is ours. */
export function runScript(
  { io }: Pick<Call, 'io'>,
  script: string,
  words: readonly string[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-s', '--', ...words], { env: io.env });
    child.stdout.setEncoding('utf8').on('data', (text: string) => void io.write(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => io.err(text.trimEnd()));
    child.stdin.on('error', () => {});
    child.stdin.end(script);
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? EXIT.failure));
  });
}
