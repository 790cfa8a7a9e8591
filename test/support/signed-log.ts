// A log with signed checkpoints, as its format says and with nothing of leash's own writer: lines in
// memory that a test may damage before it makes files of them.

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateMember, MEMBER_INPUT_BYTES } from '../../src/shared/gzip-member.ts';

export type Signer = { readonly privateKey: KeyObject; readonly key: string };

export type LogSegment = { readonly number: number; lines: string[] };

export type SignedLog = {
  segments: LogSegment[];
  /** What stands in `egress.checkpoints`; null: no such file. */
  checkpoints: string[] | null;
};

export const HOST_ID = 'ab'.repeat(16);
const GENESIS = '0'.repeat(64);

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  return { privateKey, key };
}

export type LogOptions = {
  readonly signer: Signer | null;
  readonly epoch?: number;
  /** What stands in each record, so that two logs differ. */
  readonly mark?: string;
};

/** Appends records to a log that begins with its first segment. */
export class LogWriter {
  readonly log: SignedLog = { segments: [], checkpoints: [] };
  readonly #options: LogOptions;
  #seq = 0;
  #prev = GENESIS;
  #size = 0;
  #notes = 0;
  epoch: number;

  constructor(options: LogOptions) {
    this.#options = options;
    this.epoch = options.epoch ?? 1;
    this.segment(1);
  }

  get seq(): number {
    return this.#seq;
  }

  segment(number = (this.log.segments.at(-1)?.number ?? 0) + 1): this {
    this.log.segments.push({ number, lines: [] });
    this.#size = 0;
    return this.add('segment', { schema: 1, host_id: HOST_ID, epoch: this.epoch, number });
  }

  /** So many records of requests. */
  records(count: number, bodyBytes = 40): this {
    for (let left = count; left > 0; left -= 1) {
      const url = `https://a.test/${this.#options.mark ?? ''}${this.#seq}`;
      this.add('allowed', { url, req_body: 'x'.repeat(bodyBytes) });
    }
    return this;
  }

  add(event: string, fields: object): this {
    this.#notes += 1;
    const stamp = {
      seq: this.#seq + 1,
      prev: this.#prev,
      ts: 1_700_000_000 + this.#seq,
      event,
      id: `${this.epoch}-0-${this.#notes}`,
    };
    return this.#append(JSON.stringify({ ...stamp, ...fields }));
  }

  checkpoint(): this {
    const { signer } = this.#options;
    if (signer === null) return this;
    this.#notes += 1;
    const line = signedLine(
      {
        seq: this.#seq + 1,
        prev: this.#prev,
        ts: 1_700_000_000 + this.#seq,
        event: 'checkpoint',
        id: `${this.epoch}-0-${this.#notes}`,
        host_id: HOST_ID,
        epoch: this.epoch,
        segment: this.log.segments.at(-1)?.number ?? 0,
        size: this.#size,
        key: signer.key,
      },
      signer,
    );
    this.log.checkpoints?.push(line);
    return this.#append(line);
  }

  #append(line: string): this {
    this.log.segments.at(-1)?.lines.push(line);
    this.#seq += 1;
    this.#prev = hashOf(line);
    this.#size += Buffer.byteLength(line) + 1;
    return this;
  }
}

/** Segments of records with a checkpoint in their middle and one at their end, and two records behind. */
export function signedLog(options: LogOptions & { readonly segments?: number }): SignedLog {
  const writer = new LogWriter(options);
  for (let number = 1; number <= (options.segments ?? 3); number += 1) {
    if (number > 1) writer.segment();
    writer.records(5).checkpoint().records(5).checkpoint();
  }
  writer.records(2);
  return writer.log;
}

/** Makes the chain whole again from a line on; `signer` null: the signatures stay what they were. */
export function rechain(
  log: SignedLog,
  from: { segment: number; line: number },
  signer: Signer | null,
) {
  let prev = GENESIS;
  let seq = 0;
  for (const [index, segment] of log.segments.entries()) {
    let size = 0;
    segment.lines = segment.lines.map((line, at) => {
      const isBefore = index < from.segment || (index === from.segment && at < from.line);
      seq = isBefore ? Number(JSON.parse(line).seq) : seq + 1;
      let made = isBefore
        ? line
        : line.replace(/^\{"seq":\d+,"prev":"[0-9a-f]{64}"/, `{"seq":${seq},"prev":"${prev}"`);
      if (!isBefore && signer !== null && line.includes('"event":"checkpoint"')) {
        const { signature: _, ...fields } = JSON.parse(made);
        made = signedLine({ ...fields, size, key: signer.key }, signer);
      }
      prev = hashOf(made);
      size += Buffer.byteLength(made) + 1;
      return made;
    });
  }
}

export function signedLine(fields: object, signer: Signer): string {
  const signed = JSON.stringify(fields).slice(0, -1);
  const signature = sign(null, Buffer.from(signed), signer.privateKey).toString('hex');
  return `${signed},"signature":"${signature}"}`;
}

export function hashOf(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}

export function textOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

/** The files of a compressed segment: members, as its format says. */
export function compress(bytes: Buffer): Buffer {
  const members: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MEMBER_INPUT_BYTES) {
    members.push(deflateMember(bytes.subarray(at, at + MEMBER_INPUT_BYTES)));
  }
  return Buffer.concat(members);
}

/** Writes the files of a log; `compressed`: numbers of the segments that are. */
export async function writeSignedLog(
  dir: string,
  log: SignedLog,
  compressed: readonly number[] = [],
): Promise<void> {
  for (const { number, lines } of log.segments) {
    const isCompressed = compressed.includes(number);
    const bytes = textOf(lines);
    const name = `egress.${number}.jsonl${isCompressed ? '.gz' : ''}`;
    await writeFile(join(dir, name), isCompressed ? compress(bytes) : bytes);
  }
  const path = join(dir, 'egress.checkpoints');
  if (log.checkpoints === null) await rm(path, { force: true });
  else await writeFile(path, textOf(log.checkpoints));
}
