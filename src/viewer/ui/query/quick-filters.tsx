// The filters that are used most, as controls: each edits a term of the query.

import { QUERY_CLASSES, setTerm, valuesOf } from '../../../shared/query.ts';
import { visibleText } from '../../../shared/visible-text.ts';
import type { Client } from '../../meta.ts';
import { meta, page, updatePage } from '../kit/app-state.ts';
import { CLASS_LABELS } from '../kit/explain.ts';
import { editQuery } from './draft.ts';
import { filterFor } from './edit-query.ts';

const DECISIONS: ReadonlyMap<string, string> = new Map([
  ['', 'All decisions'],
  ['allowed,would_block', 'Allowed'],
  ['blocked', 'Blocked'],
  ['error', 'Errors'],
  ['uninspected', 'Uninspected'],
  ['running', 'Running'],
  ['event,damaged', 'Events of leash'],
]);

export function QuickFilters() {
  const { q, redact } = page.value;
  const set = (field: 'client' | 'class', values: readonly string[]) =>
    editQuery((text) => setTerm(text, field, values));
  const client = valuesOf(q, 'client').join(',');
  const classes = valuesOf(q, 'class');
  const decision = classes.join(',');
  return (
    <div class="quick">
      <select
        aria-label="Client"
        value={client}
        onChange={({ currentTarget: { value } }) => set('client', value === '' ? [] : [value])}
      >
        <option value="">All clients</option>
        {clientNames(meta.value?.clients ?? [], client).map((each) => (
          <option value={each.client}>{visibleText(each.label)}</option>
        ))}
      </select>
      <select
        aria-label="Decision"
        value={decision}
        onChange={({ currentTarget: { value } }) =>
          set('class', value === '' ? [] : value.split(','))
        }
      >
        {[...DECISIONS].map(([value, label]) => (
          <option value={value}>{label}</option>
        ))}
        {!DECISIONS.has(decision) && <option value={decision}>{labelsOf(classes)}</option>}
      </select>
      <Toggle
        on={valuesOf(q, 'is').includes('internet')}
        onChange={() => editQuery((text) => filterFor(text, 'is', 'internet'))}
      >
        Internet only
      </Toggle>
      <Toggle
        on={decision === 'would_block'}
        onChange={(on) => set('class', on ? ['would_block'] : [])}
      >
        Would block in enforce
      </Toggle>
      <Toggle on={redact} onChange={(on) => updatePage({ redact: on })}>
        Hide credentials
      </Toggle>
    </div>
  );
}

type ToggleProps = {
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  readonly children: string;
};

function Toggle({ on, onChange, children }: ToggleProps) {
  return (
    <label class={on ? 'toggle on' : 'toggle'}>
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {children}
    </label>
  );
}

/** Of decisions that were chosen elsewhere. */
function labelsOf(classes: readonly string[]): string {
  return QUERY_CLASSES.filter((name) => classes.includes(name))
    .map((name) => CLASS_LABELS[name])
    .join(', ');
}

/** The chosen client stays in the list when it is not among the newest rows. */
function clientNames(clients: readonly Client[], chosen: string) {
  const list = clients.map(({ client, agent, rows }) => ({
    client,
    label: `${agent ? `${agent} (${client})` : client} · ${rows >= 1000 ? '1000+' : rows}`,
  }));
  const isKnown = chosen === '' || list.some(({ client }) => client === chosen);
  return isKnown ? list : [...list, { client: chosen, label: chosen }];
}
