// Listens to the keyboard and runs what `shortcuts.ts` says. Keys in a field or a dialog are theirs.

import { useEffect } from 'preact/hooks';
import { shortcutsOn } from './preferences.ts';
import { type Action, actionOf } from './shortcuts.ts';

export type KeyActions = Readonly<Record<Action, () => void>>;

export function useKeys(actions: KeyActions): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest('dialog')) return;
      if (target?.closest('input, select, textarea')) {
        if (event.key === 'Escape' && target instanceof HTMLElement) target.blur();
        return;
      }
      const action = actionOf(event.key, {
        onControl: target?.closest('button, a, summary, [role="separator"]') != null,
        inDetail: target?.closest('.detail') != null,
        singleKeys: shortcutsOn.value,
      });
      if (action === null) return;
      event.preventDefault();
      actions[action]();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [actions]);
}
