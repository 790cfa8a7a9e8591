// What is wrong with the text in the query box, and where; or how it was understood.

import { parseQuery } from '../../../shared/query.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { completing, draft } from './draft.ts';

/** For the box, which names this as its description. */
export const PROBLEM_ID = 'query-problem';

export function QueryProblem() {
  const text = draft.value;
  const query = parseQuery(text);
  const isUnfinished = 'problem' in query && query.end === text.length && completing.value;
  if ('problem' in query && !isUnfinished) {
    return (
      <p id={PROBLEM_ID} class="query-problem" role="status">
        <code>
          <SafeText text={text.slice(0, query.start)} />
          <mark>
            <SafeText text={text.slice(query.start, query.end)} />
          </mark>
          <SafeText text={text.slice(query.end)} />
        </code>
        <span class="error">
          <SafeText text={query.problem} />.
        </span>
        <span class="hint">The list still shows the last search.</span>
      </p>
    );
  }
  const notes = 'problem' in query ? [] : query.notes;
  return (
    <p id={PROBLEM_ID} class="query-problem" role="status" hidden={notes.length === 0}>
      {notes.map((note) => (
        <span class="warn-text">
          <SafeText text={note} />
        </span>
      ))}
    </p>
  );
}
