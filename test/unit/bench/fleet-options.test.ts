import { describe, expect, it } from 'vitest';
import { parseFleetOptions } from '../../../bench/fleet/options.ts';

describe('parseFleetOptions()', () => {
  it('scales the fleet to the cores, and no further than the whole', () => {
    expect(parseFleetOptions([], 2)).toEqual({ agents: 400, seconds: 60 });
    expect(parseFleetOptions([], 64)).toEqual({ agents: 2000, seconds: 60 });
  });

  it('takes what is asked for', () => {
    const args = ['--agents', '2000', '--seconds', '10'];
    expect(parseFleetOptions(args, 2)).toEqual({ agents: 2000, seconds: 10 });
  });

  it.each([
    ['--agents', '0'],
    ['--agents', '10001'],
    ['--agents'],
    ['--seconds', '4'],
    ['--seconds', '1e3'],
    ['--fleet', '1'],
  ])('refuses %s %s', (...args) => {
    expect(parseFleetOptions(args, 2)).toEqual({ problem: `cannot use "${args.join(' ')}"` });
  });
});
