// Copies of the checkpoints outside of the log: a small file beside it, and a program of the operator's
// that takes them further away. What was copied shows later that the log was cut off or written anew.
// Never in the way of the log: what cannot be copied now is tried again with the next one.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, appendFile, open, readFile, rename } from 'node:fs/promises';
import { LIMITS } from '../../shared/limits.ts';

export type CheckpointFileDeps = {
  readonly path: string;
  /** Program that is handed each checkpoint on standard input; empty: none. */
  readonly command: string;
  onProblem(problem: string): void;
};

/** Throws where the program cannot be run: what is not kept is missed only when it is too late. */
export async function checkProgram(command: string): Promise<void> {
  if (command === '') return;
  await access(command, constants.X_OK).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such program' : 'it cannot be run';
    throw new Error(`LEASH_CHECKPOINT_COMMAND is "${command}": ${why}; a path, no arguments`);
  });
}

export class CheckpointFile {
  readonly #deps: CheckpointFileDeps;
  #unwritten: string[] = [];
  #unsent: string[] = [];
  #writing: Promise<void> | null = null;
  #sending: Promise<void> | null = null;
  #segment = '';

  constructor(deps: CheckpointFileDeps) {
    this.#deps = deps;
  }

  /** A checkpoint was written: its line, without the newline. */
  add(line: string): void {
    keep(this.#unwritten, line);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    if (this.#deps.command === '') return;
    keep(this.#unsent, line);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
  }

  /** Resolves when what was added is where it belongs, or could not be brought there in time. */
  async flush(timeoutMs: number = LIMITS.checkpointStopMs): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all([this.#writing, this.#sending]), late]);
    clearTimeout(timer);
  }

  async #write(): Promise<void> {
    while (this.#unwritten.length > 0) {
      const lines = this.#unwritten;
      this.#unwritten = [];
      try {
        const segment = segmentOf(lines.at(-1) ?? '');
        if (this.#segment !== segment) await this.#shorten();
        this.#segment = segment;
        await appendFile(this.#deps.path, lines.map((line) => `${line}\n`).join(''), {
          mode: 0o640,
        });
      } catch (error) {
        this.#unwritten = [...lines, ...this.#unwritten].slice(-LIMITS.checkpointsWaiting);
        this.#deps.onProblem(`Cannot write ${this.#deps.path}: ${messageOf(error)}`);
        return;
      }
    }
  }

  /** A segment is finished: its last checkpoint says all that its earlier ones did. */
  async #shorten(): Promise<void> {
    const { path } = this.#deps;
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const lines = text.split('\n').slice(0, -1);
    const last = lines.filter(
      (line, index) => segmentOf(line) !== segmentOf(lines[index + 1] ?? ''),
    );
    const file = await open(`${path}.new`, 'w', 0o640);
    try {
      await file.writeFile(
        last
          .slice(-LIMITS.checkpointSegments)
          .map((line) => `${line}\n`)
          .join(''),
      );
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }

  async #send(): Promise<void> {
    while (this.#unsent.length > 0) {
      const lines = this.#unsent;
      this.#unsent = [];
      const problem = await hand(this.#deps.command, lines);
      if (problem === '') continue;
      this.#unsent = [...lines, ...this.#unsent].slice(-LIMITS.checkpointsWaiting);
      this.#deps.onProblem(`LEASH_CHECKPOINT_COMMAND ${this.#deps.command}: ${problem}`);
      return;
    }
  }
}

function keep(waiting: string[], line: string): void {
  waiting.push(line);
  // Each one says all that those before it did.
  if (waiting.length > LIMITS.checkpointsWaiting) waiting.shift();
}

function segmentOf(line: string): string {
  return /"segment":(\d+)/.exec(line)?.[1] ?? '';
}

/** Runs the program once, without a shell and without leash's settings; '' or what went wrong. */
function hand(command: string, lines: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(command, [], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { PATH: process.env.PATH },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMITS.checkpointCommandMs);
    const end = (problem: string) => {
      clearTimeout(timer);
      resolve(problem);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(code === 0 ? '' : `ended with ${code ?? signal}`));
    // It may end without reading.
    child.stdin?.on('error', () => {});
    child.stdin?.end(lines.map((line) => `${line}\n`).join(''));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
