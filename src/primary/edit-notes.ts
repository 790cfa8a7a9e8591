// Reads, once, who says to have made a change of a policy file: the note that the viewer or leashctl
// left beside it. Small and rare, so it is read at once, where the change is noted on the record.

import { lstatSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { actorOf, MAX_NOTE_BYTES, noteName } from '../shared/edit-note.ts';

/** The actor of a change to this content, or '': it was made by other means. The note is gone then. */
export function takeActor(policyDir: string, file: string, sha256: string): string {
  const path = join(policyDir, noteName(file));
  try {
    const facts = lstatSync(path);
    if (!facts.isFile() || facts.size > MAX_NOTE_BYTES) return '';
    const actor = actorOf(readFileSync(path, 'utf8'), sha256);
    // One that speaks of another change may be on time for that one.
    if (actor !== '') unlinkSync(path);
    return actor;
  } catch {
    return '';
  }
}
