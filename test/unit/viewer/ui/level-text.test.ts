import { describe, expect, it } from 'vitest';
import { levelTexts } from '../../../../src/viewer/ui/policy/level-text.ts';

const LEVEL = [{ host: 'api.evil.test', parent: 'evil.test' }];

describe('levelTexts()', () => {
  it.each([
    ['blocklist.yaml', 'narrows', 'loosens', 'become allowed'],
    ['enforce.local.yaml', 'narrows', 'tightens', 'become blocked'],
    ['blocklist.local.yaml', 'widens', 'tightens', 'becomes blocked'],
    ['enforce.yaml', 'widens', 'loosens', 'becomes allowed'],
  ] as const)('levelTexts() of %s that %s says that it %s', (file, kind, direction, says) => {
    const texts = levelTexts({ file, narrows: [], widens: [], [kind]: LEVEL });
    expect(texts[direction]).toEqual([expect.stringContaining(says)]);
    expect([...texts.loosens, ...texts.tightens]).toHaveLength(1);
    expect(texts[direction][0]).toMatch(/evil\.test/);
  });
});
