// Who changed a policy file: a note beside it, written before the file and consumed by the primary, so
// that the record can name the actor. A change without a note was made by other means. Pure.

export type EditNote = {
  /** Of the file's new content: the note speaks of this change and no other. */
  readonly sha256: string;
  /** `viewer 10.0.0.5`, `leashctl root`. */
  readonly actor: string;
  /** When, in milliseconds since 1970: an old note speaks of a change that came to nothing. */
  readonly atMs: number;
};

/** From the note to the file's change takes milliseconds; a busy disk may take some seconds. */
const MAX_AGE_MS = 60_000;

/** Longer than any note is. */
export const MAX_NOTE_BYTES = 4096;
const MAX_ACTOR = 200;

/** Name of the note beside a policy file; hidden, and no policy file itself. */
export function noteName(file: string): string {
  return `.${file}.note`;
}

/** Text of a note → who it names for this content, or '' where it does not speak of it, or is old. */
export function actorOf(
  text: string,
  { sha256, nowMs }: { readonly sha256: string; readonly nowMs: number },
): string {
  if (text.length > MAX_NOTE_BYTES) return '';
  try {
    const note: unknown = JSON.parse(text);
    const {
      sha256: of,
      actor,
      atMs,
    } = (typeof note === 'object' && note !== null ? note : {}) as EditNote;
    if (of !== sha256 || typeof actor !== 'string' || typeof atMs !== 'number') return '';
    if (!(Math.abs(nowMs - atMs) <= MAX_AGE_MS)) return '';
    return actor.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_ACTOR);
  } catch {
    return '';
  }
}
