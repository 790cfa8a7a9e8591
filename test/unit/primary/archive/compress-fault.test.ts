// Compression that goes wrong without a word: a plain segment goes only where the same comes out again.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { compressSegment } from '../../../../src/primary/archive/segment-task.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { writeLog } from '../../../support/write-log.ts';

const deflated = vi.hoisted(() => ({ change: (input: Buffer) => input }));
vi.mock('../../../../src/shared/gzip-member.ts', async (load) => {
  const real = await load<typeof import('../../../../src/shared/gzip-member.ts')>();
  return { ...real, deflateMember: (input: Buffer) => real.deflateMember(deflated.change(input)) };
});

it.each([
  ['another byte', (input: Buffer) => Buffer.from(input.toString().replace('first', 'First'))],
  ['too little', (input: Buffer) => input.subarray(0, -1)],
  ['too much', (input: Buffer) => Buffer.concat([input, Buffer.from('\n')])],
])('compressSegment() leaves the plain segment where %s would come out', async (_, change) => {
  const dir = await tempDir();
  const logPath = join(dir.path, 'egress.jsonl');
  await writeLog(logPath, [{ event: 'stop', reason: 'first' }]);
  const segment = join(dir.path, 'egress.1.jsonl');
  const plain = readFileSync(segment);
  deflated.change = change;
  expect(() => compressSegment(segment)).toThrow('did not survive compression');
  expect(readFileSync(segment)).toEqual(plain);
  expect(readdirSync(dir.path).filter((name) => name.includes('.gz'))).toEqual([]);
  await dir.close();
});
