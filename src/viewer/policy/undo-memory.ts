// What this viewer wrote lately, and what stood there before, so that a change can be taken back whole.
// Holds texts in memory only: after a restart there is the record, which has the lines of a change.

import { hashOf } from './policy-write.ts';

/** What a change replaced: the hashes of both texts. */
export type UndoStep = { readonly file: string; readonly etag: string; readonly to: string };

/** As many as a person still remembers to have made. */
const MAX_EDITS = 20;
/** Of all texts together; the oldest go first. */
const MAX_CHARS = 4 * 1024 * 1024;

type Edit = UndoStep & { readonly text: string };

export class UndoMemory {
  #edits: Edit[] = [];

  /** Notes a change of a file; what it gives is what undoes it. Null: there was no file. */
  remember(file: string, before: string | null, after: string): UndoStep {
    // A file that is taken away stays in force; an empty list is what it was like without it.
    const text = before ?? EMPTY_TEXTS[file] ?? '';
    const step = { file, etag: hashOf(after), to: hashOf(text) };
    this.#edits = [...this.#edits, { ...step, text }].slice(-MAX_EDITS);
    let chars = 0;
    const from = this.#edits.findLastIndex((edit) => {
      chars += edit.text.length;
      return chars > MAX_CHARS;
    });
    this.#edits = this.#edits.slice(from + 1);
    return step;
  }

  /** The text that a step leads back to; null: it is not known any more. */
  find({ file, etag, to }: UndoStep): string | null {
    const found = this.#edits.findLast(
      (edit) => edit.file === file && edit.etag === etag && edit.to === to,
    );
    return found?.text ?? null;
  }
}

const EMPTY_TEXTS: Readonly<Record<string, string>> = {
  'enforce.yaml': 'allow: []\n',
  'enforce.local.yaml': 'allow: []\n',
  'blocklist.yaml': 'block: []\n',
  'blocklist.local.yaml': 'block: []\n',
  'agents.yaml': 'agent_networks: []\n',
  'network.yaml': '{}\n',
};
