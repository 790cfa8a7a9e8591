// Reads the backlog page by page, further back each time, until the window is read or nobody looks.

import { useEffect, useState } from 'preact/hooks';
import type { BacklogGroup } from '../../harden/backlog.ts';
import { noteFailure } from '../kit/app-state.ts';
import { changeCount, messageOf } from '../policy/change-state.ts';
import { fetchBacklog } from '../policy/policy-client.ts';
import { addGroups } from './backlog-state.ts';

export type BacklogState = {
  readonly groups: readonly BacklogGroup[];
  readonly rows: number;
  readonly solved: number;
  readonly overflow: number;
  readonly searchedBackTo: number | null;
  readonly reading: boolean;
  readonly problem: string;
};

const NOTHING: BacklogState = {
  groups: [],
  rows: 0,
  solved: 0,
  overflow: 0,
  searchedBackTo: null,
  reading: true,
  problem: '',
};

/** `round`: reads all of it again when it changes. */
export function useBacklog(since: string, round: number): BacklogState {
  const [state, setState] = useState(NOTHING);
  const changes = changeCount.value;
  useEffect(() => {
    const controller = new AbortController();
    void readAll(since, controller.signal, setState);
    return () => controller.abort();
  }, [since, round, changes]);
  return state;
}

async function readAll(
  since: string,
  signal: AbortSignal,
  show: (state: BacklogState) => void,
): Promise<void> {
  let state = NOTHING;
  let before: string | null = null;
  try {
    do {
      const page = await fetchBacklog({ since, before }, signal);
      before = page.cursor;
      state = {
        groups: addGroups(state.groups, page.groups),
        rows: state.rows + page.rows,
        solved: state.solved + page.solved,
        overflow: state.overflow + page.overflow,
        searchedBackTo: page.searched_back_to,
        reading: before !== null,
        problem: '',
      };
      if (!signal.aborted) show(state);
    } while (before !== null && !signal.aborted);
  } catch (error) {
    if (signal.aborted) return;
    noteFailure(error);
    show({ ...state, reading: false, problem: messageOf(error) });
  }
}
