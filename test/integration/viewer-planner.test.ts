// Long work on policy files holds up nobody: the compiled planner, with its thread.

import { createHash } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import type { Planner } from '../../src/viewer/policy/planner.ts';

/** Compiled: a thread of Node 20 reads no TypeScript. */
const MODULE = new URL('../../dist/viewer/policy/planner.js', import.meta.url).href;

async function openPlanner(): Promise<Planner> {
  const module = (await import(MODULE)) as { Planner: new () => Planner };
  return new module.Planner();
}

/** Milliseconds that the loop was held at most while this ran. */
async function heldBy(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await work();
  await new Promise((resolve) => setTimeout(resolve, 10));
  delay.disable();
  return delay.max / 1e6;
}

it('the planner looks for the text before a change in a thread: thousands of hashes of a long text', async () => {
  const planner = await openPlanner();
  const lines = Array.from({ length: 3800 }, (_, n) => `  - host${n}.some-name.example`);
  const before = `allow:\n${lines.join('\n')}\n`;
  const after = before.replace('  - host2000.some-name.example\n', '');
  const to = createHash('sha256').update(before).digest('hex');
  const diff = ['-   - host2000.some-name.example'];
  let found: string | null = null;
  const held = await heldBy(async () => {
    found = await planner.run<'undo'>({ kind: 'undo', after, diff, to });
  });
  expect(found).toBe(before);
  expect(held).toBeLessThan(150);
});

it('the planner adds many entries to a short file in a thread', async () => {
  const planner = await openPlanner();
  const entries = Array.from({ length: 40 }, (_, n) => ({ host: `host-${n}.test` }));
  const op = { kind: 'add', file: 'enforce.yaml', entries } as const;
  const held = await heldBy(async () => {
    const edited = await planner.run<'apply'>({ kind: 'apply', text: 'allow: []\n', op });
    expect(edited).toMatchObject({ changed: true });
  });
  expect(held).toBeLessThan(150);
});
