import { describe, expect, it } from 'vitest';
import { painter, show } from '../../../../src/viewer/cli/paint.ts';

const HOSTILE = '\x1b[31m\x9b1m\u202e\n\r\t\u2028\x7f';
const screen = { columns: 80 };

describe('show()', () => {
  it('leaves nothing that acts on a terminal', () => {
    expect(show(HOSTILE)).toBe('\\x1b[31m\\x9b1m\\u{202e}\\n\\r\\t\\u{2028}\\x7f');
    expect(show('grün 大')).toBe('grün 大');
  });
});

describe('painter()', () => {
  it('colours on a terminal only, and where nobody forbade it', () => {
    expect(painter({ screen, env: {} })('red', 'a')).toBe('\x1b[31ma\x1b[0m');
    expect(painter({ screen, env: { NO_COLOR: '1' } })('red', 'a')).toBe('a');
    expect(painter({ screen, env: { NO_COLOR: '' } })('red', 'a')).toBe('\x1b[31ma\x1b[0m');
    expect(painter({ screen, env: { TERM: 'dumb' } })('red', 'a')).toBe('a');
    expect(painter({ env: {} })('red', 'a')).toBe('a');
  });

  it('makes what it colours safe', () => {
    const text = painter({ screen, env: {} })('red', HOSTILE);
    expect(text).toBe(`\x1b[31m${show(HOSTILE)}\x1b[0m`);
    expect(painter({ env: {} })('red', HOSTILE)).toBe(show(HOSTILE));
  });
});
