// Asks for something again whenever the question changes, and quietly every ten seconds.

import { useEffect, useRef, useState } from 'preact/hooks';

const REFRESH_MS = 10_000;

/** An answer; not current: it is to the last question, and the next one is under way. */
export type Refreshed<T> = { readonly answer: T | null; readonly isCurrent: boolean };

/**
 * The newest answer to `ask`; the old one stays until the next one is there. `key` names the
 * question, empty = none. `isHeld`: what is shown must not change now.
 */
export function useRefreshed<T>(
  key: string,
  ask: (abort: AbortSignal) => Promise<T | null>,
  isHeld = false,
): Refreshed<T> {
  const [given, setGiven] = useState<{ key: string; answer: T } | null>(null);
  const waiting = useRef<{ key: string; answer: T } | null>(null);
  const held = useRef(isHeld);
  held.current = isHeld;
  useEffect(() => {
    if (isHeld || waiting.current === null) return;
    setGiven(waiting.current);
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
          if (controller.signal.aborted || answer === null) return;
          if (held.current) waiting.current = { key, answer };
          else setGiven({ key, answer });
        })
        // The list says why the server does not answer; here the last answer stays.
        .catch(() => {})
        .finally(() => {
          if (!controller.signal.aborted) again();
        });
    };
    round();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key]);
  return { answer: given?.answer ?? null, isCurrent: given?.key === key };
}
