import { describe, expect, it } from 'vitest';
import { actionOf, type KeyPlace, SHORTCUTS } from '../../../../src/viewer/ui/kit/shortcuts.ts';

const on = (key: string, place: Partial<KeyPlace> = {}) =>
  actionOf(key, { onControl: false, inDetail: false, singleKeys: true, ...place });

describe('actionOf()', () => {
  it('actionOf() knows every key of the help, each once', () => {
    expect(SHORTCUTS.map(({ key }) => on(key))).toEqual(SHORTCUTS.map(({ action }) => action));
    expect(new Set(SHORTCUTS.map(({ key }) => key)).size).toBe(SHORTCUTS.length);
    expect(on('q')).toBeNull();
    expect(on('J')).toBeNull();
  });

  it('actionOf() leaves Enter and Space to buttons', () => {
    expect(on('Enter', { onControl: true })).toBeNull();
    expect(on(' ', { onControl: true })).toBeNull();
    expect(on('j', { onControl: true })).toBe('next');
  });

  it('actionOf() lets the detail scroll, and j and k move on from there', () => {
    for (const key of ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', ' ', 'Enter']) {
      expect([key, on(key, { inDetail: true })]).toEqual([key, null]);
    }
    expect(on('j', { inDetail: true })).toBe('next');
    expect(on('Escape', { inDetail: true })).toBe('close');
  });

  it('actionOf() knows no single characters when they are switched off (WCAG 2.1.4)', () => {
    for (const { key, action } of SHORTCUTS) {
      expect(on(key, { singleKeys: false })).toBe(key.length === 1 ? null : action);
    }
  });
});
