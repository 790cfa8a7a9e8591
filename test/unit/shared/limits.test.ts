import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/shared/config.ts';
import { LIMITS } from '../../../src/shared/limits.ts';
import { readSources } from '../../support/source-tree.ts';

describe('LIMITS', () => {
  it('memory is bounded by constants: each limit is a whole number above zero, and no setting is without an end', () => {
    for (const value of Object.values(LIMITS)) {
      expect(Number.isSafeInteger(value) && value > 0).toBe(true);
    }
    const counts = Object.values(SETTINGS).filter(({ allowed }) => allowed.startsWith('a whole'));
    expect(counts.length).toBeGreaterThan(5);
    for (const setting of counts) expect(setting.read('9999999999')).toBeNull();
  });

  it('no row is dead: something in the sources keeps to each limit', () => {
    const code = readSources('src').map((source) => source.code);
    const unused = Object.keys(LIMITS).filter(
      (name) => !code.some((text) => new RegExp(`\\bLIMITS\\.${name}\\b`).test(text)),
    );
    expect(unused).toEqual([]);
  });

  it('the limits that depend on each other have the right order', () => {
    expect(LIMITS.pipeCongestedBytes).toBeLessThan(LIMITS.pipeFullBytes);
    expect(LIMITS.captureHeldBytes).toBeLessThan(LIMITS.pipeCongestedBytes);
    expect(LIMITS.respawnMinMs).toBeLessThan(LIMITS.respawnMaxMs);
    expect(LIMITS.respawnMaxMs).toBeLessThan(LIMITS.respawnSettledMs);
    expect(LIMITS.openFlowsPerWorker).toBeGreaterThanOrEqual(65_536);
  });
});
