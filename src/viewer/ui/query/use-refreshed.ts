// Asks for something again whenever the question changes, and quietly every ten seconds.

import { useEffect, useRef, useState } from 'preact/hooks';
import { searchProgress } from '../kit/app-state.ts';

const REFRESH_MS = 10_000;
/** A search that takes longer is not waited for. */
const LATEST_MS = 1000;

/** An answer; not current: it is to the last question, and the next one is under way. */
type Refreshed<T> = { readonly answer: T | null; readonly isCurrent: boolean };

/**
 * The newest answer to `ask`; the old one stays until the next one is there. `key` names the
 * question, empty = none. `isHeld`: an answer that is shown must not change now; to
 * another question there is one.
 */
export function useRefreshed<T>(
  key: string,
  ask: (abort: AbortSignal) => Promise<T>,
  isHeld = false,
): Refreshed<T> {
  const [given, setGiven] = useState<{ key: string; answer: T } | null>(null);
  const waiting = useRef<{ key: string; answer: T } | null>(null);
  const held = useRef(isHeld);
  const shown = useRef('');
  held.current = isHeld;
  const show = (next: { key: string; answer: T }) => {
    shown.current = next.key;
    setGiven(next);
  };
  useEffect(() => {
    if (isHeld || waiting.current === null) return;
    show(waiting.current);
    waiting.current = null;
  }, [isHeld]);
  useEffect(() => {
    waiting.current = null;
    if (key === '') return;
    const controller = new AbortController();
    let timer = 0;
    const again = () => {
      timer = window.setTimeout(round, REFRESH_MS);
    };
    const round = () => {
      if (document.hidden) return again();
      ask(controller.signal)
        .then((answer) => {
          if (controller.signal.aborted) return;
          const isNew = shown.current !== key;
          if (held.current && !isNew) waiting.current = { key, answer };
          else show({ key, answer });
        })
        // The list says why the server does not answer; here the last answer stays.
        .catch(() => {})
        .finally(() => {
          if (!controller.signal.aborted) again();
        });
    };
    // The rows come first: counting takes longer, and the same process answers both.
    let hasBegun = false;
    const begin = () => {
      if (!hasBegun) round();
      hasBegun = true;
    };
    let unsubscribe = () => {};
    // The list asks in the same turn as this does, and only then says that it searches.
    const soon = window.setTimeout(() => {
      unsubscribe = searchProgress.subscribe((progress) => !progress?.running && begin());
    });
    const late = window.setTimeout(begin, LATEST_MS);
    return () => {
      controller.abort();
      unsubscribe();
      for (const each of [timer, soon, late]) clearTimeout(each);
    };
  }, [key]);
  return { answer: given?.answer ?? null, isCurrent: given?.key === key };
}
