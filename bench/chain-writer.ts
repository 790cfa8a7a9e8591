// Lines with their numbers and hashes, in segments, as fast as the disk takes them. Not signed.

import { createHash } from 'node:crypto';
import { closeSync, openSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { formatMembers, GENESIS } from '../src/shared/audit-line.ts';

export type ChainOptions = { readonly dir: string; readonly segmentBytes: number };

export type Generated = {
  readonly lines: number;
  readonly bytes: number;
  readonly segments: number;
};

const FLUSH_BYTES = 1024 * 1024;
const HOST_ID = 'ab'.repeat(16);
const START_S = 1_767_225_600;
/** Two weeks of ten million records. */
const STEP_S = 0.12;

/** Lines with their numbers and hashes, in segments. */
export class ChainWriter {
  readonly #options: ChainOptions;
  #segment = 0;
  #fd = -1;
  #pending: string[] = [];
  #pendingBytes = 0;
  #segmentBytes = 0;
  #bytes = 0;
  #prev = GENESIS;
  lines = 0;

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#begin();
  }

  add(event: string, id: string, members: string): void {
    if (this.#segmentBytes >= this.#options.segmentBytes) this.#begin();
    this.#append(event, id, members);
  }

  end(): Generated {
    this.#flush();
    closeSync(this.#fd);
    const link = join(this.#options.dir, 'egress.jsonl');
    try {
      unlinkSync(link);
    } catch {
      // It is the first time.
    }
    symlinkSync(`egress.${this.#segment}.jsonl`, link);
    return { lines: this.lines, bytes: this.#bytes, segments: this.#segment };
  }

  #append(event: string, id: string, members: string): void {
    this.lines += 1;
    const ts = (START_S + this.lines * STEP_S).toFixed(3).replace(/\.?0+$/, '');
    const line = `{"seq":${this.lines},"prev":"${this.#prev}","ts":${ts},"event":"${event}","id":"${id}",${members}`;
    this.#prev = createHash('sha256').update(line).digest('hex');
    this.#pending.push(line);
    // All of it is ASCII.
    this.#pendingBytes += line.length + 1;
    this.#segmentBytes += line.length + 1;
    this.#bytes += line.length + 1;
    if (this.#pendingBytes >= FLUSH_BYTES) this.#flush();
  }

  #begin(): void {
    if (this.#fd >= 0) {
      this.#flush();
      closeSync(this.#fd);
    }
    this.#segment += 1;
    this.#segmentBytes = 0;
    this.#fd = openSync(join(this.#options.dir, `egress.${this.#segment}.jsonl`), 'w');
    const fields = { schema: 1, host_id: HOST_ID, epoch: 1, number: this.#segment };
    this.#append('segment', '1-0-1', `${formatMembers(fields)}}`);
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const block = Buffer.from(`${this.#pending.join('\n')}\n`, 'latin1');
    for (let at = 0; at < block.length; ) at += writeSync(this.#fd, block, at);
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
