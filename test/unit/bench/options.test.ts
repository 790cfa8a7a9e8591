// The command line of the benchmark.

import { describe, expect, it } from 'vitest';
import { parseOptions, usage } from '../../../bench/options.ts';

const USUAL = { scenarios: ['1k', '100k', 'download'], programs: ['leash', 'squid'] };
const KNOWN = { ...USUAL, long: ['grown'], extra: ['node'] };
const DEFAULTS = { rounds: 3, seconds: 3, connections: 32, log: null, ...USUAL };

describe('parseOptions()', () => {
  it('takes all usual scenarios and programs, three rounds of three seconds, where nothing is said', () => {
    expect(parseOptions([], KNOWN)).toEqual(DEFAULTS);
  });

  it('takes numbers', () => {
    const args = ['--rounds', '100', '--seconds', '600', '--connections', '1000'];
    const numbers = { rounds: 100, seconds: 600, connections: 1000 };
    expect(parseOptions(args, KNOWN)).toEqual({ ...DEFAULTS, ...numbers });
  });

  it('takes named ones of a sort, in their own order, and all of a sort of which none is named', () => {
    const options = parseOptions(['--only', 'download,1k'], KNOWN);
    expect(options).toEqual({ ...DEFAULTS, scenarios: ['1k', 'download'] });
    const both = parseOptions(['--only', 'squid', '--only', '1k'], KNOWN);
    expect(both).toEqual({ ...DEFAULTS, scenarios: ['1k'], programs: ['squid'] });
  });

  it('takes a long one where it is named, alone or beside others', () => {
    const alone = parseOptions(['--only', 'grown', '--log', '/var/log/leash'], KNOWN);
    expect(alone).toEqual({ ...DEFAULTS, scenarios: ['grown'], log: '/var/log/leash' });
    const beside = parseOptions(['--only', 'grown,1k,leash'], KNOWN);
    expect(beside).toEqual({ ...DEFAULTS, scenarios: ['1k', 'grown'], programs: ['leash'] });
    const program = parseOptions(['--only', '1k,leash,node'], KNOWN);
    expect(program).toEqual({ ...DEFAULTS, scenarios: ['1k'], programs: ['leash', 'node'] });
  });

  it.each([
    ['--rounds', '0'],
    ['--rounds', '101'],
    ['--seconds', '601'],
    ['--seconds', '1.5'],
    ['--seconds', '-1'],
    ['--connections', '1001'],
    ['--connections'],
    ['--only', ''],
    ['--log', ''],
    ['--other', '1'],
  ])('refuses %s %s', (...args) => {
    expect(parseOptions(args, KNOWN)).toEqual({ problem: `cannot use "${args.join(' ').trim()}"` });
  });

  it('refuses a name that it does not know', () => {
    const problem = '--only knows no "nginx"';
    expect(parseOptions(['--only', 'leash,nginx'], KNOWN)).toEqual({ problem });
  });
});

it('usage() names all scenarios and programs', () => {
  const text = usage(KNOWN);
  expect(text).toContain('1k, 100k, download');
  expect(text).toContain('leash, squid');
  expect(text).toContain('only where they are named: grown, node');
});
