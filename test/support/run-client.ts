// Runs one program to its end, with a limit on time and on output.

import { spawn } from 'node:child_process';

export type RunOptions = {
  readonly input?: string | Buffer;
  /** Added to PATH and HOME; nothing else of this process's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
};

export type RunResult = {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The same bytes as `stdout`. */
  readonly output: Buffer;
};

/** More than any test prints; beyond it the program is a runaway and is ended. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Throws where the program cannot be started or outlives its time; an exit code is a result. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const timeoutMs = options.timeoutMs ?? 15_000;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: clientEnv(options.env) });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    let cut = '';
    const end = (why: string) => {
      cut ||= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end(`it ran longer than ${timeoutMs} ms`), timeoutMs);
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) end(`it printed more than ${MAX_OUTPUT_BYTES} bytes`);
      else into.push(chunk);
    };
    child.stdout.on('data', collect(out));
    child.stderr.on('data', collect(err));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`Cannot run ${command}: ${error.message}`));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const output = Buffer.concat(out);
      const stderr = Buffer.concat(err).toString();
      if (cut !== '') reject(new Error(`Ended ${command}: ${cut}\n${stderr}`));
      else resolve({ code, stdout: output.toString(), stderr, output });
    });
    // A program that does not read its input closes the pipe; its exit code says the rest.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** No proxy variable of the machine may leak into a test: PATH and HOME only. */
export function clientEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...extra };
}
