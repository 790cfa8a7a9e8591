// Says that a search takes long, how far back it has looked, and lets the reader end it.

import { useEffect, useState } from 'preact/hooks';
import { searchProgress, stopSearch } from '../kit/app-state.ts';
import { formatTime } from '../kit/format.ts';

/** A search that is shorter would only flicker. */
const LONG_MS = 500;

export function SearchProgress() {
  const running = searchProgress.value?.running === true;
  const [long, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (!running) return;
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, [running]);
  const back = searchProgress.value?.searchedBackTo ?? null;
  if (!running || !long) return null;
  return (
    <div class="progress">
      <progress aria-label="Searching the log" />
      <span role="status">
        Searching… {back !== null && `back to ${formatTime(back, new Date())}`}
      </span>
      <button type="button" class="small" onClick={() => stopSearch.value?.()}>
        Stop
      </button>
    </div>
  );
}
