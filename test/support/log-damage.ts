// What may be done to a log, and what each verifier must say of it: the form of a case, its folder, and
// what the tables (damage-*.ts, joined in log-damages.ts) share. Whoever runs a case brings the verifier.

import { newSigner, type SignedLog, signedLog, writeSignedLog } from './signed-log.ts';

export type Expected = {
  readonly outcome: 'VERIFIED' | 'TORN' | 'DAMAGED' | 'MISSING' | 'TRUNCATED' | 'RE-SIGNED';
  readonly seq?: number;
  readonly file?: string;
};

/** What the caller of a verifier knows from elsewhere. */
export type Given = { readonly key?: string; readonly kept?: readonly string[] };

export type DamageCase = {
  readonly name: string;
  /** Absent: `signedLog()` by `signer`, of 3 segments with 13 records each and 2 behind them. */
  readonly log?: () => SignedLog;
  readonly compressed?: readonly number[];
  /** Lines, before they are files. May give another log. */
  readonly lines?: (log: SignedLog) => void;
  readonly files?: (dir: string) => Promise<void>;
  /** `before`: every checkpoint that the log had before the damage was kept; `key`: so was the key. */
  readonly given?: 'before' | 'key';
  readonly expect: Expected;
};

export const signer = newSigner();
/** Somebody else, who has the folder and not the key. */
export const other = newSigner();

/** Writes the folder of a case; gives what was kept outside of it. */
export async function makeDamage(dir: string, damage: DamageCase): Promise<Given> {
  const log = damage.log?.() ?? signedLog({ signer });
  const kept = log.segments.flatMap(({ lines }) => lines).filter(isCheckpoint);
  damage.lines?.(log);
  await writeSignedLog(dir, log, damage.compressed);
  await damage.files?.(dir);
  if (damage.given === 'key') return { key: signer.key };
  return damage.given === 'before' ? { kept } : {};
}

export const isCheckpoint = (line: string) => line.includes('"event":"checkpoint"');
export const linesOf = (log: SignedLog, number: number) =>
  log.segments.find((segment) => segment.number === number)?.lines ?? [];
export const newest = (log: SignedLog) => log.segments.at(-1)?.lines ?? [];
/** One character of the URL: the line stays a record. */
export const changeLine = (lines: string[], at: number) => {
  lines[at] = (lines[at] ?? '').replace('a.test', 'b.test');
};
/** As somebody does who has the folder: its own file of checkpoints fits what it holds. */
export const replaceKept = (log: SignedLog) => {
  log.checkpoints = log.segments.flatMap(({ lines }) => lines).filter(isCheckpoint);
};
