// The tables of the benchmark.

import { expect, it } from 'vitest';
import { formatScenario } from '../../../bench/report.ts';
import type { Result } from '../../../bench/result.ts';
import { formatTable } from '../../../bench/table.ts';

const COLUMNS = [
  { metric: 'cpuMicrosPerRequest', title: 'CPU', digits: 0 },
  { metric: 'rootShare', title: 'first', digits: 2 },
];
const SCENARIO = {
  ...{ name: '1k', what: '1 KB GET', columns: COLUMNS },
  compared: 'cpuMicrosPerRequest',
};

function result(program: string, outcome: Result['outcome'], scenario = '1k'): Result {
  return { scenario, program, what: `what ${program} is`, outcome };
}

function rounds(...cpu: number[]): Result['outcome'] {
  return { rounds: cpu.map((value) => ({ cpuMicrosPerRequest: value, rootShare: 0.2 })) };
}

it('formatTable() puts numbers under each other, and leaves no space at the end of a line', () => {
  expect(
    formatTable(
      [
        ['', 'n', ''],
        ['one', '1', 'x'],
        ['eleven', '11', ''],
      ],
      [0, 2],
    ),
  ).toBe('         n\none      1  x\neleven  11\n');
});

it('formatScenario() shows the ratios of another program where a scenario is about that', () => {
  const own = [
    result('leash', rounds(10)),
    result('node-1', rounds(4)),
    result('node-4', rounds(6)),
  ];
  const text = formatScenario({ ...SCENARIO, name: 'other', subject: 'node-4' }, [
    ...own.map((each) => ({ ...each, scenario: 'other' })),
  ]);
  const ratios = text.split('\n').map((line) => line.replace(/ +/g, ' '));
  expect(ratios.slice(6, 9)).toEqual([
    'node-4 min median max',
    ': leash CPU 0.600 0.600 0.600',
    ': node-1 CPU 1.500 1.500 1.500',
  ]);
});

it('formatScenario() shows medians, ratios with their targets, and why a program has none', () => {
  const text = formatScenario(SCENARIO, [
    result('leash', rounds(100, 120, 110)),
    result('squid', rounds(100, 100, 100)),
    result('mitmdump', { skipped: 'not installed' }),
    result('nginx', { problem: 'it ended: no\nmore of it' }),
    result('direct', { rounds: [{ requestsPerSecond: 9 }] }),
    result('leash', rounds(7), '100k'),
  ]);
  expect(text.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
    '1 KB GET',
    '1k CPU first',
    'leash 110 0.20 what leash is',
    'squid 100 0.20 what squid is',
    'mitmdump not installed',
    'nginx FAILED: it ended: no',
    'direct - - what direct is',
    '',
    'leash min median max',
    ': squid CPU 1.000 1.100 1.200 at most 1 target NOT met',
    'itself first 0.20 0.20 0.20 at most 0.15 target NOT met',
    '',
  ]);
});

it('formatScenario() has no ratios where leash was not measured', () => {
  const text = formatScenario(SCENARIO, [result('squid', rounds(1))]);
  expect(text).not.toContain('median');
});
