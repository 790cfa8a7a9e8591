// Reads who says to have made a change of a policy file: the note that the viewer or leashctl left
// beside it. Small and rare, so it is read at once, where the change is noted on the record.

import { closeSync, constants, fstatSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { actorOf, MAX_NOTE_BYTES, noteName } from '../../shared/edit-note.ts';

/** The actor of a change to this content, or '': it was made by other means. */
export function takeActor(policyDir: string, file: string, change: Change): string {
  const path = join(policyDir, noteName(file));
  try {
    // Neither a link nor a pipe in its place may lead or hold us.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = fstatSync(fd);
      if (!facts.isFile() || facts.size > MAX_NOTE_BYTES) return '';
      return actorOf(readFileSync(fd, 'utf8'), change);
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}

/** What the file's content is now, and the time. */
type Change = { readonly sha256: string; readonly nowMs: number };

/** Removes the note of a file; one that is not there is no problem. */
export function dropNote(policyDir: string, file: string): void {
  try {
    unlinkSync(join(policyDir, noteName(file)));
  } catch {
    // Not there, or not ours to remove: it is too old soon.
  }
}
