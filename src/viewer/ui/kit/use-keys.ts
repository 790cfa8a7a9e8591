// Keyboard: `/` search, `j`/`k` or arrows to move, Enter to open, Esc to close.

import { useEffect } from 'preact/hooks';

export type KeyActions = {
  readonly search: () => void;
  readonly move: (step: 1 | -1) => void;
  readonly open: () => void;
  readonly close: () => void;
};

export function useKeys(actions: KeyActions): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest('input, select, textarea')) {
        if (event.key === 'Escape' && target instanceof HTMLElement) target.blur();
        return;
      }
      // Inside the detail the arrows scroll; buttons have their own Enter.
      const inDetail = target?.closest('.detail') != null;
      const run = pick(event.key, inDetail, target?.closest('button, a, summary') != null, actions);
      if (run === null) return;
      event.preventDefault();
      run();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [actions]);
}

function pick(
  key: string,
  inDetail: boolean,
  onControl: boolean,
  actions: KeyActions,
): (() => void) | null {
  if (key === '/') return actions.search;
  if (key === 'Escape') return actions.close;
  if (key === 'j') return () => actions.move(1);
  if (key === 'k') return () => actions.move(-1);
  if (key === 'Enter') return onControl ? null : actions.open;
  if (inDetail) return null;
  if (key === 'ArrowDown') return () => actions.move(1);
  return key === 'ArrowUp' ? () => actions.move(-1) : null;
}
