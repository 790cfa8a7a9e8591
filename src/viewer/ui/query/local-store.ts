// What the browser keeps for this page. It may be switched off, full or written by others: then there
// is nothing, and nothing is kept.

/** What was kept under a name; undefined: nothing, or no JSON. The caller checks what it is. */
export function recall(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`leash.${name}`) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a value under a name. */
export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(`leash.${name}`, JSON.stringify(value));
  } catch {
    // No room, or not allowed: the page works without.
  }
}
