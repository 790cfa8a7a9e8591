import { describe, expect, it } from 'vitest';
import { actorOf, noteName } from '../../../src/shared/edit-note.ts';

const note = (fields: object) =>
  JSON.stringify({ sha256: 'ab', actor: 'viewer 10.0.0.5', atMs: 5_000, ...fields });
const at = (sha256: string, nowMs = 6_000) => ({ sha256, nowMs });

describe('actorOf()', () => {
  it('actorOf() names who made this change, and only this one', () => {
    expect(actorOf(note({}), at('ab'))).toBe('viewer 10.0.0.5');
    expect(actorOf(note({}), at('cd'))).toBe('');
  });

  it('actorOf() takes an old note for none', () => {
    expect(actorOf(note({}), at('ab', 65_001))).toBe('');
    expect(actorOf(note({ atMs: undefined }), at('ab'))).toBe('');
  });

  it('actorOf() makes the name printable and short', () => {
    expect(actorOf(note({ actor: `a\u001b${'x'.repeat(500)}` }), at('ab'))).toMatch(/^a\?x{198}$/);
  });

  it.each(['', 'x', 'null', '[]', '{"sha256":"ab","actor":5}', note({ actor: 'x'.repeat(5000) })])(
    'actorOf() takes %j for no note',
    (text) => {
      expect(actorOf(text, at('ab'))).toBe('');
    },
  );

  it('noteName() is no policy file', () => {
    expect(noteName('enforce.yaml')).toBe('.enforce.yaml.note');
  });
});
