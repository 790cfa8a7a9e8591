// A disk as a power cut leaves it, made from the calls of a program that wrote to it. What was synced
// before the cut is there. Of all else any part may be: each write whole, in part or not at all, a later
// one without an earlier one, each name in the folder old or new.

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from './call-trace.ts';

type Write = { readonly at: number; readonly bytes: Buffer; readonly began: number };
type File = { writes: Write[]; durableAfter: number; readonly target?: string };
type Change = { readonly name: string; readonly to: File | null; readonly began: number };

/** Files by name, each with its writes; links are files with a target. */
class Folder {
  readonly #dir: string;
  readonly #names = new Map<string, File>();
  readonly #byPath = new Map<string, File>();
  /** Changes of names that no sync of the folder has made sure of, in order. */
  #changes: Change[] = [];
  readonly #durable = new Map<string, File>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  take(call: Call): void {
    const [first = '', second = ''] = call.strings;
    const nameOf = (path: string) => path.slice(this.#dir.length + 1);
    if (call.result < 0) return;
    switch (call.name) {
      case 'openat':
      case 'open':
        if (call.text.includes('O_CREAT') && !this.#names.has(nameOf(first))) {
          this.#set(nameOf(first), { writes: [], durableAfter: -1 }, call);
        }
        return;
      case 'symlink':
        this.#set(nameOf(second), { writes: [], durableAfter: -1, target: first }, call);
        return;
      case 'rename': {
        const moved = this.#names.get(nameOf(first)) ?? null;
        this.#set(nameOf(second), moved, call);
        this.#set(nameOf(first), null, call);
        return;
      }
      case 'unlink':
        this.#set(nameOf(first), null, call);
        return;
      case 'pwrite64': {
        const [, at = 0] = call.numbers;
        const bytes = Buffer.from(first, 'latin1').subarray(0, call.result);
        this.#file(call).writes.push({ at, bytes, began: call.began });
        return;
      }
      case 'write': {
        const file = this.#file(call);
        const at = file.writes.reduce((end, each) => Math.max(end, each.at + each.bytes.length), 0);
        const bytes = Buffer.from(first, 'latin1').subarray(0, call.result);
        file.writes.push({ at, bytes, began: call.began });
        return;
      }
      case 'fsync':
      case 'fdatasync':
        if (call.path === this.#dir) this.#syncNames(call);
        else this.#file(call).durableAfter = call.began;
        return;
      case 'ftruncate':
        throw new Error('A file was cut: this model of a disk does not know what that leaves');
      default:
    }
  }

  /** Writes the folder to `dir`, with `random` for all that is not sure. */
  leave(dir: string, random: () => number): void {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir);
    const names = new Map(this.#durable);
    for (const { name, to } of this.#changes) {
      if (random() < 0.5) continue;
      if (to === null) names.delete(name);
      else names.set(name, to);
    }
    for (const [name, file] of names) {
      if (file.target !== undefined) symlinkSync(file.target, join(dir, name));
      else writeFileSync(join(dir, name), content(file, random));
    }
  }

  #file({ path }: Call): File {
    const file = this.#byPath.get(path);
    if (file === undefined) throw new Error(`A call on ${path}, which nobody opened`);
    return file;
  }

  #set(name: string, to: File | null, { began }: Call): void {
    if (to === null) this.#names.delete(name);
    else this.#names.set(name, to);
    if (to !== null) this.#byPath.set(join(this.#dir, name), to);
    this.#changes.push({ name, to, began });
  }

  #syncNames({ began }: Call): void {
    for (const { name, to } of this.#changes.filter((change) => change.began < began)) {
      if (to === null) this.#durable.delete(name);
      else this.#durable.set(name, to);
    }
    this.#changes = this.#changes.filter((change) => change.began >= began);
  }
}

/** Bytes of a file: what is not sure may be missing, which leaves a hole where more stands behind it. */
function content({ writes, durableAfter }: File, random: () => number): Buffer {
  let bytes = Buffer.alloc(0);
  for (const write of writes) {
    const isSure = write.began < durableAfter;
    const share = isSure ? 1 : [0, 1, random()][Math.floor(random() * 3)];
    const kept = write.bytes.subarray(0, Math.ceil(write.bytes.length * (share ?? 0)));
    if (kept.length === 0) continue;
    const end = write.at + kept.length;
    if (bytes.length < end) bytes = Buffer.concat([bytes, Buffer.alloc(end - bytes.length)]);
    kept.copy(bytes, write.at);
  }
  return bytes;
}

export type Cut = {
  /** Ids that the program had said were acknowledged, with the time of each. */
  readonly acked: ReadonlyMap<string, number>;
  /** When the power went. */
  readonly at: number;
};

/** The power goes behind the `count`-th of `calls`: makes `to` as `dir` would be found. */
export function cutPower(
  calls: readonly Call[],
  count: number,
  { dir, to, random }: { dir: string; to: string; random: () => number },
): Cut {
  const folder = new Folder(dir);
  const acked = new Map<string, number>();
  for (const call of calls.slice(0, count)) {
    const said = call.name === 'write' ? /^ack (\S+)\n$/.exec(call.strings[0] ?? '') : null;
    if (said?.[1] !== undefined) acked.set(said[1], call.at);
    else if (isOfFolder(call, dir)) folder.take(call);
  }
  folder.leave(to, random);
  return { acked, at: calls[Math.min(count, calls.length - 1)]?.at ?? 0 };
}

function isOfFolder({ path, strings }: Call, dir: string): boolean {
  return [path, ...strings].some((each) => each === dir || each.startsWith(`${dir}/`));
}
