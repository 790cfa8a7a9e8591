// What the primary keeps of a worker's frames: a record that waits for the log holds its own bytes and little more.

import { describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES } from '../../src/shared/audit-event.ts';
import { MAX_STAMP_BYTES } from '../../src/shared/audit-line.ts';
import { encodeOpen, encodeRecord } from '../../src/shared/ipc.ts';
import { eachWithPipe, identity, type Pipe, type PipeEnds } from '../support/start-pipe.ts';

const intent = {
  ...{ event: 'intent' as const, flow: 1, policy: 1, identity },
  rest: { rule: 'r', policy: 1 },
};

describe('startWorkerPort()', () => {
  let ends: PipeEnds;
  let pipe: Pipe;
  eachWithPipe((newEnds, newPipe) => {
    [ends, pipe] = [newEnds, newPipe];
  });

  it('keeps no more memory for a record that waits than 8 KiB or twice its own', async () => {
    await pipe.link.open(intent);
    const part = (bytes: number) =>
      encodeRecord('part', 1, `"dir":"res","body":"${'x'.repeat(bytes)}"`);
    const records = [part(20), part(40_000), part(20), part(100_000), part(20)];
    ends[0].write(Buffer.concat(records));
    await expect.poll(() => pipe.state.lines.length).toBe(1 + records.length);
    for (const { own, all } of pipe.state.kept) {
      expect(all).toBeLessThanOrEqual(Math.max(2 * own, 8192));
    }
  });

  it('keeps memory of its own, and no more, for a record that waits for a log which cannot be written', async () => {
    await pipe.link.open(intent);
    pipe.state.healthy = false;
    const part = (bytes: number) =>
      encodeRecord('part', 1, `"dir":"res","body":"${'x'.repeat(bytes)}"`);
    // What is read at once is some 64 KB: of that, one is more than the half.
    const records = [part(20), part(40_000), part(20), part(100_000), part(20)];
    ends[0].write(Buffer.concat(records));
    await expect.poll(() => pipe.state.kept.length).toBe(1 + records.length);
    for (const { own, all } of pipe.state.kept.slice(1)) expect(all).toBe(own);
  });

  it('takes nothing of a record that is too long for a line', async () => {
    const rest = `"req_body":"${'x'.repeat(MAX_RECORD_BYTES - MAX_STAMP_BYTES)}"`;
    ends[0].write(encodeOpen('intent', 1, 1, '', rest));
    await expect.poll(() => pipe.state.broken).toContain('bytes are too many');
    expect([pipe.port.openCount(), pipe.state.lines.length]).toEqual([0, 0]);
  });
});
