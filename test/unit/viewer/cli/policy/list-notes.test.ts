import { describe, expect, it } from 'vitest';
import { listNotes, overlayWith } from '../../../../../src/viewer/cli/policy/list-notes.ts';

const notes = (
  texts: Record<string, string>,
  file: 'enforce.yaml' | 'blocklist.yaml',
  kind: 'add' | 'remove' = 'add',
) => listNotes(texts, { kind, file, entries: [{ host: '*.a.test' }] });
const OVERLAY = { 'enforce.local.yaml': 'allow:\n  - a.test\n' };

describe('listNotes()', () => {
  it('says that the list does not count in the mode of now', () => {
    expect(notes({}, 'enforce.yaml')).toEqual([]);
    expect(notes({ mode: 'audit\n' }, 'enforce.yaml')).toEqual([]);
    expect(notes({ mode: 'blocklist\n' }, 'blocklist.yaml')).toEqual([]);
    expect(notes({ mode: 'blocklist\n' }, 'enforce.yaml')).toEqual([
      'note: the mode is blocklist: of the allow list only "private" counts now',
    ]);
    expect(notes({}, 'blocklist.yaml')).toEqual([
      'note: the mode is enforce: the blocklist counts in blocklist mode only',
    ]);
  });

  it('says that agents.yaml has no such agent', () => {
    const entries = [{ host: 'a.test', agents: ['ci', 'cd'] }];
    const texts = { 'agents.yaml': 'agents:\n  - { name: ci, networks: [10.0.0.0/24] }\n' };
    const change = { file: 'enforce.yaml', entries } as const;
    expect(listNotes(texts, { ...change, kind: 'add' })).toEqual([
      'note: agents.yaml knows no agent cd: the entry is for nobody',
    ]);
    expect(listNotes({ 'agents.yaml': 'agents: 7' }, { ...change, kind: 'add' })).toEqual([]);
    expect(listNotes(texts, { ...change, kind: 'remove' })).toEqual([]);
  });

  it('says that an overlay has the host, too', () => {
    expect(notes(OVERLAY, 'enforce.yaml')).toEqual([
      'note: enforce.local.yaml has entries for a.test: beside those of enforce.yaml they do not count',
    ]);
    expect(notes(OVERLAY, 'enforce.yaml', 'remove')).toEqual([
      'note: enforce.local.yaml has entries for a.test: they count where enforce.yaml has none',
    ]);
    expect(notes({ 'enforce.local.yaml': 'allow: x' }, 'enforce.yaml')).toEqual([]);
  });
});

describe('overlayWith()', () => {
  it('names the overlay', () => {
    expect(overlayWith(OVERLAY, 'enforce.yaml', 'a.test')).toBe('enforce.local.yaml');
    expect(overlayWith(OVERLAY, 'enforce.yaml', 'b.test')).toBeNull();
    expect(overlayWith(OVERLAY, 'blocklist.yaml', 'a.test')).toBeNull();
  });
});
