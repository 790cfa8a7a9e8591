import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointFile, checkProgram } from '../../../../src/primary/log/checkpoint-file.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

const line = (seq: number, segment: number) => `{"seq":${seq},"segment":${segment}}`;

describe('CheckpointFile', () => {
  let temp: TempDir;
  const problems: string[] = [];
  const path = () => join(temp.path, 'logs', 'egress.checkpoints');
  const make = (command = '') =>
    new CheckpointFile({ path: path(), command, onProblem: (text) => problems.push(text) });
  const lines = () => readFileSync(path(), 'utf8').split('\n').slice(0, -1);
  const script = (text: string) => {
    const program = join(temp.path, 'program');
    writeFileSync(program, `#!/bin/sh\n${text}\n`);
    chmodSync(program, 0o755);
    return program;
  };

  beforeEach(async () => {
    temp = await tempDir();
    mkdirSync(join(temp.path, 'logs'));
    problems.length = 0;
  });
  afterEach(() => temp.close());

  it('keeps all of the live segment and the last one of each finished one', async () => {
    const file = make();
    for (const [seq, segment] of [
      [1, 1],
      [2, 1],
      [3, 1],
      [9, 2],
      [12, 2],
      [15, 3],
    ] as const) {
      file.add(line(seq, segment));
      await file.flush();
    }
    expect(lines()).toEqual([line(3, 1), line(12, 2), line(15, 3)]);
    const next = make();
    next.add(line(20, 3));
    await next.flush();
    expect(lines().at(-1)).toBe(line(20, 3));
    expect(problems).toEqual([]);
  });

  it('stays small however many segments there were', async () => {
    const many = Array.from(
      { length: LIMITS.checkpointSegments + 50 },
      (_, n) => `${line(n, n)}\n`,
    );
    writeFileSync(path(), many.join(''));
    const file = make();
    file.add(line(5000, 5000));
    await file.flush();
    expect(lines()).toHaveLength(LIMITS.checkpointSegments + 1);
  });

  it('says that it cannot be written, and writes what waits with the next one', async () => {
    rmSync(join(temp.path, 'logs'), { recursive: true });
    const file = make();
    file.add(line(1, 1));
    await file.flush();
    expect(problems).toEqual([expect.stringMatching(/Cannot write .*checkpoints: ENOENT/)]);
    mkdirSync(join(temp.path, 'logs'));
    file.add(line(2, 1));
    await file.flush();
    expect(lines()).toEqual([line(1, 1), line(2, 1)]);
  });

  it('hands each to the program, in order, several at once where it is slow', async () => {
    const taken = join(temp.path, 'taken');
    const file = make(script(`cat >> '${taken}'; echo -- >> '${taken}'`));
    file.add(line(1, 1));
    file.add(line(2, 1));
    file.add(line(3, 1));
    await file.flush();
    const text = readFileSync(taken, 'utf8');
    expect(text.replaceAll('--\n', '')).toBe(`${line(1, 1)}\n${line(2, 1)}\n${line(3, 1)}\n`);
    expect(text.match(/--/g)?.length).toBeLessThan(3);
  });

  it.each([
    ['fails', 'exit 3', /ended with 3/],
    ['dies', 'kill -9 $$', /ended with SIGKILL/],
  ])('keeps what a program did not take that %s', async (_, text, problem) => {
    const file = make(script(text));
    file.add(line(1, 1));
    await file.flush();
    expect(problems).toEqual([expect.stringMatching(problem)]);
    const taken = join(temp.path, 'taken');
    script(`cat > '${taken}'`);
    file.add(line(2, 1));
    await file.flush();
    expect(readFileSync(taken, 'utf8')).toBe(`${line(1, 1)}\n${line(2, 1)}\n`);
  });

  it('says that there is no such program', async () => {
    const file = make(join(temp.path, 'nothing'));
    file.add(line(1, 1));
    await file.flush();
    expect(problems).toEqual([expect.stringMatching(/LEASH_CHECKPOINT_COMMAND .*ENOENT/)]);
    expect(existsSync(path())).toBe(true);
  });

  it('is refused at a start where the program cannot be run', async () => {
    await expect(checkProgram('')).resolves.toBeUndefined();
    await expect(checkProgram(script('exit 0'))).resolves.toBeUndefined();
    await expect(checkProgram('/nope')).rejects.toThrow(/"\/nope": there is no such program/);
    await expect(checkProgram(path())).rejects.toThrow();
  });

  it('gives the program nothing of leash’s environment', async () => {
    const taken = join(temp.path, 'taken');
    process.env.LEASH_TEST_SECRET = 'x';
    const file = make(script(`env > '${taken}'`));
    file.add(line(1, 1));
    await file.flush();
    delete process.env.LEASH_TEST_SECRET;
    expect(readFileSync(taken, 'utf8')).not.toContain('LEASH_');
  });
});
