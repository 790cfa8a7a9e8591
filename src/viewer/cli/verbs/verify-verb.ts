// `leashctl verify`: whether the log of a folder is what leash wrote. Reads files and asks nobody, so a
// copy on a machine without leash's state is as good. The work is verify/'s; this file knows the words
// of the command line, the key files and the terminal.

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { visibleJson } from '../../../shared/visible-text.ts';
import { type ExportedFile, readExportedFile } from '../../verify/list-log.ts';
import { startPool } from '../../verify/pool.ts';
import { eraseProgress, formatProgress } from '../../verify/progress-bar.ts';
import { formatVerdict, type Pinned, plainName, verdictJson } from '../../verify/verdict-text.ts';
import { type Verification, verifyLog } from '../../verify/verify-log.ts';
import { type Call, EXIT, hasCode, optionValue, type Verb } from '../table/verb.ts';

export const VERIFY_VERB: Verb = {
  name: 'verify',
  group: 'record',
  positionals: [{ name: 'FOLDER', help: 'a copy of a log', complete: 'folder', isOptional: true }],
  options: [
    {
      name: '--key',
      value: 'HEX|FILE',
      help: 'the public key that you kept, or a file of keys',
      complete: 'file',
    },
    {
      name: '--checkpoint',
      value: 'FILE',
      help: 'checkpoints that you kept: the log must have them',
      complete: 'file',
    },
  ],
  help: 'whether the log is what leash wrote: exit code 0 yes, 5 no',
  exits: { failure: 'there is nothing to verify', unverified: 'the log is not what leash wrote' },
  examples: [
    { command: 'leashctl verify', what: 'the log of this leash' },
    { command: 'leashctl verify ./copy --key checkpoint-key.pub', what: 'a copy, anywhere' },
  ],
  run: runVerify,
};

/** A leash that is alive ends a line within microseconds, and a hung disk within a second. */
const GRACE_MS = 1_000;
/** What a person can read. */
const SHOW_MS = 200;
const KEY = /^[0-9a-f]{64}$/;
/** A file of keys has few lines; what is longer is another file. */
const MAX_KEY_FILE = 64 * 1024;

async function runVerify(call: Call): Promise<number> {
  const { config, json, io, args } = call;
  const [argument = ''] = args;
  const dir = argument === '' ? dirname(config.logPath) : argument;
  const logName = basename(config.logPath);
  const pinned = await readPinned(
    optionValue(call, '--key'),
    argument === '' ? config.stateDir : null,
  );
  const exported = await readGiven(optionValue(call, '--checkpoint'));
  for (const problem of [pinned, exported]) {
    if (!('problem' in problem)) continue;
    io.err(`leashctl: ${problem.problem}`);
    return EXIT.usage;
  }
  if ('problem' in pinned || 'problem' in exported) return EXIT.usage;
  const found = await verify({ dir, logName, pinned, exported, io, json }).catch((error) => {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    return null;
  });
  if (found === null || (found.records === 0 && found.problems.length === 0)) {
    const names = logName.replace(/(\.[^.]*)?$/, '.<n>$1');
    const what = found === null ? 'it is no folder' : `no record in segments ${plainName(names)}`;
    io.err(
      `leashctl: nothing to verify in ${plainName(dir)}: ${what}; name the folder: leashctl verify FOLDER`,
    );
    return EXIT.failure;
  }
  io.out(json ? visibleJson(verdictJson(found, pinned)) : formatVerdict(found, pinned));
  return found.problems.length === 0 ? EXIT.ok : EXIT.unverified;
}

type Work = Pick<Call, 'io' | 'json'> & {
  readonly dir: string;
  readonly logName: string;
  readonly pinned: Pinned & { readonly isGiven: boolean };
  readonly exported: readonly ExportedFile[];
};

async function verify({ dir, logName, pinned, exported, io, json }: Work): Promise<Verification> {
  const progress = new BigInt64Array(new SharedArrayBuffer(8));
  let totalBytes = 0;
  const startedMs = performance.now();
  const { terminal } = io;
  const show = () => {
    const doneBytes = Number(Atomics.load(progress, 0));
    const elapsedMs = performance.now() - startedMs;
    const { columns = 80 } = terminal ?? {};
    const color = !io.env.NO_COLOR;
    terminal?.write(formatProgress({ doneBytes, totalBytes, elapsedMs, columns, color }));
  };
  const timer = terminal === undefined || json ? null : setInterval(show, SHOW_MS);
  const pool = startPool();
  try {
    return await verifyLog({
      dir,
      logName,
      keys: pinned.keys,
      mustBeSigned: pinned.isGiven,
      exported,
      graceMs: GRACE_MS,
      run: pool.run,
      progress,
      onTotal: (bytes) => {
        totalBytes = bytes;
      },
    });
  } finally {
    if (timer !== null) {
      clearInterval(timer);
      terminal?.write(eraseProgress());
    }
    await pool.close();
  }
}

/** The key that was named, or the one of the state folder where the folder is its own log's. */
async function readPinned(
  given: string | undefined,
  stateDir: string | null,
): Promise<(Pinned & { readonly isGiven: boolean }) | { readonly problem: string }> {
  if (given === undefined) {
    const path = stateDir === null ? null : join(stateDir, 'checkpoint-key.pub');
    // Who may not read it verifies without: the result says that no key is pinned.
    const text = path === null ? '' : await readFile(path, 'utf8').catch(() => '');
    return { keys: keysOf(text) ?? [], from: path ?? '', isGiven: false };
  }
  if (KEY.test(given)) return { keys: [given], from: '--key', isGiven: true };
  const text = await readFile(given, 'utf8').catch((error: Error) => {
    if (hasCode(error, 'ENOENT', 'EISDIR', 'ENAMETOOLONG')) return null;
    throw error;
  });
  const keys = text === null || text.length > MAX_KEY_FILE ? null : keysOf(text);
  if (keys !== null && keys.length > 0) return { keys, from: given, isGiven: true };
  return {
    problem: `--key takes 64 hex digits or a file with such lines, got ${plainName(given)}`,
  };
}

/** Lines of a key each, or null. */
function keysOf(text: string): string[] | null {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  return lines.every((line) => KEY.test(line)) ? lines : null;
}

async function readGiven(
  path: string | undefined,
): Promise<readonly ExportedFile[] | { readonly problem: string }> {
  if (path === undefined) return [];
  try {
    const file = await readExportedFile(path);
    if (file?.bytes.includes('\n')) return [file];
    const what = file === null ? 'there is no such file' : 'there is no line in it';
    return { problem: `--checkpoint ${plainName(path)}: ${what}` };
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM') || !(error instanceof Error)) throw error;
    return { problem: `--checkpoint ${plainName(path)}: ${error.message}` };
  }
}
