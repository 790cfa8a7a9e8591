import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../../../src/viewer/store/turns.ts';

/** A page that is under way until it is told to end. */
function openPage(turns: Turns) {
  let end = () => {};
  const done = turns.first(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  return { end: () => end(), done };
}

describe('Turns', () => {
  it('lets what can wait go on at once where no page is under way', async () => {
    const turns = new Turns();
    await turns.first(async () => {});
    const since = performance.now();
    for (let n = 0; n < 20; n += 1) await turns.pass();
    expect(performance.now() - since).toBeLessThan(90);
  });

  it('has what can wait wait for all pages that are under way', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const [one, other] = [openPage(turns), openPage(turns)];
    const passed = turns.pass().then(() => order.push('slice'));
    one.end();
    await one.done;
    order.push('one page');
    await pause(5);
    other.end();
    await other.done;
    order.push('other page');
    await passed;
    expect(order).toEqual(['one page', 'other page', 'slice']);
  });

  it('has it wait no longer for a page that takes long', async () => {
    const turns = new Turns();
    const page = openPage(turns);
    const since = performance.now();
    await turns.pass();
    const waited = performance.now() - since;
    expect(waited).toBeGreaterThan(80);
    for (let n = 0; n < 20; n += 1) await turns.pass();
    expect(performance.now() - since - waited, 'the rest of it').toBeLessThan(80);
    page.end();
    await page.done;
  });

  it('goes on also behind a page that failed', async () => {
    const turns = new Turns();
    await expect(turns.first(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const since = performance.now();
    await turns.pass();
    expect(performance.now() - since).toBeLessThan(80);
  });

  it('holds what can wait while a page is opened, and no longer', async () => {
    const turns = new Turns();
    turns.hold();
    const since = performance.now();
    await turns.first(async () => {});
    await turns.pass();
    expect(performance.now() - since).toBeGreaterThan(250);
    const after = performance.now();
    await turns.pass();
    expect(performance.now() - after).toBeLessThan(80);
  });
});
