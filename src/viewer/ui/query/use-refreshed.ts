// Asks for something again whenever the question changes, and quietly every ten seconds.

import { useEffect, useRef, useState } from 'preact/hooks';

const REFRESH_MS = 10_000;

/**
 * The newest answer to `ask`; the old one stays until the next one is there. `key` names the
 * question, empty = none. `isHeld`: no quiet question now.
 */
export function useRefreshed<T>(
  key: string,
  ask: (abort: AbortSignal) => Promise<T | null>,
  isHeld = false,
): T | null {
  const [answer, setAnswer] = useState<T | null>(null);
  const held = useRef(isHeld);
  held.current = isHeld;
  useEffect(() => {
    if (key === '') return;
    const controller = new AbortController();
    let timer = 0;
    const again = () => {
      timer = window.setTimeout(round, REFRESH_MS);
    };
    const round = () => {
      if (document.hidden || held.current) return again();
      ask(controller.signal)
        .then((next) => {
          if (!controller.signal.aborted && next !== null && !held.current) setAnswer(next);
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
  return answer;
}
