import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../../../../src/viewer/cli/settings/env-file.ts';

describe('parseEnvFile()', () => {
  it('reads NAME=VALUE lines, comments and blanks left out, each with its line', () => {
    const text = '# settings\n\nLEASH_DIR=/etc/leash\r\n; more\n  PORT=8091 \nLEASH_DNS=\n';
    expect([...(parseEnvFile(text) as ReadonlyMap<string, object>)]).toEqual([
      ['LEASH_DIR', { value: '/etc/leash', line: 3 }],
      ['PORT', { value: '8091', line: 5 }],
      ['LEASH_DNS', { value: '', line: 6 }],
    ]);
  });

  it('takes the last line of a name, and quotes around a value away', () => {
    const text = 'A=1\nA=2\nB="a b"\nC=\'#\'\nD="a"b\n';
    const values = parseEnvFile(text) as ReadonlyMap<string, { value: string; line: number }>;
    expect([...values].map(([name, { value }]) => [name, value])).toEqual([
      ['A', '2'],
      ['B', 'a b'],
      ['C', '#'],
      ['D', '"a"b'],
    ]);
  });

  it.each([
    ['A=1\nexport B=2\n', { problem: 'takes NAME=VALUE, got "export B=2"', line: 2 }],
    ['\x1b[31m', { problem: 'takes NAME=VALUE, got "\\u001b[31m"', line: 1 }],
    ['A=1 \\\n2\n', { problem: 'A ends in a backslash', line: 1 }],
    ['\n'.repeat(10_001), { problem: 'it is too long', line: 10_000 }],
  ])('%j is no such file', (text, problem) => {
    expect(parseEnvFile(text)).toEqual(problem);
  });
});
