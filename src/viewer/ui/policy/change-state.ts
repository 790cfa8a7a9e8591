// Changes of the policy that are under way or were made: whether this viewer may make any, and what the
// toast says of the last one.

import { signal } from '@preact/signals';
import type { AccessAnswer } from '../../access/access-api.ts';
import type { Made } from '../../policy/policy-change.ts';
import { ApiError } from '../kit/api-client.ts';
import { noteFailure } from '../kit/app-state.ts';
import { type Toast, toast } from '../kit/toast.ts';
import type { ChangeAsk } from './change-ask.ts';
import { fetchAccess, makeChange, undoChange } from './policy-client.ts';

/** Until it is known, nothing can be changed. */
export const mayChange = signal<AccessAnswer>({ may_change: false, reason: 'asking' });

/** Takes the last change back, as long as the page is open; null: there is none. */
export const lastUndo = signal<Toast['undo'] | null>(null);

/** Grows with each change that was made: who shows the policy reads it again. */
export const changeCount = signal(0);

let sayAnswered = () => {};
const answered = new Promise<void>((resolve) => {
  sayAnswered = resolve;
});

/** Whether this viewer may change something, once that is known: who is quicker than the answer waits. */
export async function knownAccess(): Promise<AccessAnswer> {
  await answered;
  return mayChange.value;
}

/** Asks whether this viewer may change something. */
export async function loadAccess(): Promise<void> {
  try {
    mayChange.value = await fetchAccess();
  } catch (error) {
    mayChange.value = { may_change: false, reason: messageOf(error) };
    noteFailure(error);
    // Who logs in is asked about again.
    if (error instanceof ApiError && error.status === 401) return;
  }
  sayAnswered();
}

/** Makes a change and says what came of it, with the way back. Throws where it was refused. */
export async function applyChange(
  ask: ChangeAsk,
  { etag, done }: { readonly etag?: string; readonly done: string },
): Promise<Made> {
  const made = await makeChange(ask, etag);
  changeCount.value += 1;
  const { undo } = made;
  if (made.changed) lastUndo.value = undo === null ? null : () => undoAndSay(undo);
  toast.value = {
    kind: made.in_force ? 'good' : 'bad',
    text: made.changed
      ? `${done}. ${forceText(made)}`
      : 'Nothing to change: it stands there already.',
    ...(undo !== null && { undo: () => undoAndSay(undo) }),
  };
  return made;
}

/** Takes a change back and says so. */
async function undoAndSay(step: Parameters<typeof undoChange>[0]): Promise<void> {
  try {
    const made = await undoChange(step);
    changeCount.value += 1;
    lastUndo.value = null;
    toast.value = { kind: 'good', text: `Undone: ${made.file} is as it was. ${forceText(made)}` };
  } catch (error) {
    toast.value = { kind: 'bad', text: `Not undone. ${messageOf(error)}` };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no connection to leash';
}

function forceText({ in_force, pending }: Made): string {
  if (in_force) return 'In force at all workers.';
  if (pending.length === 0) return 'Written; leash does not run, and takes it at its start.';
  return `Written; not in force yet at worker ${pending.join(', ')}.`;
}
