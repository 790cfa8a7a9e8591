import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { heapFlag } from '../../../src/primary/heap.ts';

const GIB = 1024 ** 3;

describe('heapFlag()', () => {
  it('leaves a small heap to V8', () => {
    expect([heapFlag(GIB), heapFlag(2 * GIB - 1)]).toEqual([null, null]);
  });

  it('names a flag that this V8 knows, where there is memory', () => {
    const flag = heapFlag(2 * GIB) ?? '';
    const name = flag.replace(/=.*/, '');
    expect(flag).toBe('--heap-growing-percent=300');
    const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    expect(options).toContain(`${name} (`);
  });
});
