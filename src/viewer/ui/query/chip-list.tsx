// The terms of the query below its box, each to be edited, turned round or taken out.

import type { RefObject } from 'preact';
import { visibleText } from '../../../shared/visible-text.ts';
import { formatTime } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { type Chip, chipsOf } from './chips.ts';
import { draft, editQuery } from './draft.ts';
import { changeTerm, removeTerm, turnTerm } from './edit-query.ts';

export function ChipList({ input }: { input: RefObject<HTMLInputElement | null> }) {
  const chips = chipsOf(draft.value, (seconds) => formatTime(seconds, new Date()).slice(0, 19));
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label="Terms of the search">
      {chips.map((chip) => (
        <ChipItem key={chip.term.start} chip={chip} input={input} />
      ))}
    </ul>
  );
}

function ChipItem({ chip, input }: { chip: Chip; input: RefObject<HTMLInputElement | null> }) {
  const { term, text, field, relation, value } = chip;
  const named = visibleText(text);
  const edit = () => {
    const element = input.current;
    element?.focus();
    element?.setSelectionRange(term.start, term.end);
  };
  const kind = field === '' ? 'words' : 'of-field';
  return (
    <li class={`chip ${kind}${term.negated ? ' negated' : ''}`}>
      {field !== '' && <b>{field}</b>}
      {chip.canTurn && (
        <button
          type="button"
          class="relation"
          aria-label={`${term.negated ? 'Ask for' : 'Exclude'} ${named}`}
          title={term.negated ? 'Ask for it instead' : 'Exclude it instead'}
          onClick={() => editQuery((q) => changeTerm(q, text, turnTerm))}
        >
          {relation}
        </button>
      )}
      <button type="button" class="value" aria-label={`Edit ${named}`} onClick={edit}>
        <SafeText text={value} />
      </button>
      <button
        type="button"
        class="remove"
        aria-label={`Remove ${named}`}
        onClick={() => editQuery((q) => changeTerm(q, text, removeTerm))}
      >
        ×
      </button>
    </li>
  );
}
