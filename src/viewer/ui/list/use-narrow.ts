// Whether the window is as narrow as a phone, or as a screen at 200 % zoom.

import { useEffect, useState } from 'preact/hooks';

const QUERY = '(max-width: 700px)';

export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(QUERY).matches);
  useEffect(() => {
    const list = matchMedia(QUERY);
    const note = () => setNarrow(list.matches);
    list.addEventListener('change', note);
    return () => list.removeEventListener('change', note);
  }, []);
  return isNarrow;
}
