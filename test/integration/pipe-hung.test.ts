// A primary that does not read: what a worker has to say must not fill its memory, and what it waits
// for must not make clients wait for ever.

import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/shared/limits.ts';
import { eachWithPipe, identity, type Pipe, type PipeEnds } from '../support/start-pipe.ts';

describe('startLink()', () => {
  let ends: PipeEnds;
  let pipe: Pipe;
  eachWithPipe((newEnds, newPipe) => {
    [ends, pipe] = [newEnds, newPipe];
  });

  it('counts refusals, and keeps their size down, while the primary does not read', async () => {
    const [, primaryEnd] = ends;
    primaryEnd.pause();
    const headers = [['x', 'y'.repeat(100_000)]] as const;
    const refuse = () => {
      const fields = { ...identity, reason: 'no', req_headers: headers };
      pipe.link.record('blocked', pipe.link.nextFlow().number, fields);
    };
    const total = 120_000;
    for (let n = 0; n < total; n += 1) refuse();
    const [workerEnd] = ends;
    expect(workerEnd.writableLength).toBeLessThan(LIMITS.pipeRefusalBytes + 1024 * 1024);
    primaryEnd.resume();
    await expect.poll(() => pipe.state.controls.length, { timeout: 8_000 }).toBe(1);
    const [control] = pipe.state.controls;
    expect(control).toMatchObject({ type: 'unrecorded' });
    const counted = control?.type === 'unrecorded' ? control.refused : 0;
    expect(pipe.state.lines.length + counted).toBe(total);
    const short = pipe.state.lines.filter(({ fields }) => fields.req_headers === undefined);
    expect(short.length).toBeGreaterThan(0);
    const marked = pipe.state.lines.filter(({ fields }) => fields.req_truncated === 'backpressure');
    expect(marked).toEqual(short);
    expect(pipe.state.broken).toBe('');
  });

  it('gives up a leaf that does not come', async () => {
    const [, primaryEnd] = ends;
    primaryEnd.pause();
    await expect(pipe.link.mint('a.test')).rejects.toThrow('no leaf in time');
  }, 10_000);
});
