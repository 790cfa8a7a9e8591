// Search and filters.

import type { Ref } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { setTerm, valuesOf } from '../../../shared/query.ts';
import type { Client } from '../../meta.ts';
import { meta, page, updatePage } from '../kit/app-state.ts';
import { visibleText } from '../kit/escape.ts';

/** Typing is not searched letter by letter. */
const TYPING_MS = 250;

export function Toolbar({ searchRef }: { searchRef: Ref<HTMLInputElement> }) {
  const { q, redact } = page.value;
  const set = (field: 'client' | 'class' | 'is', values: readonly string[]) =>
    updatePage({ q: setTerm(q, field, values) });
  const client = valuesOf(q, 'client')[0] ?? '';
  const classes = valuesOf(q, 'class').join(',');
  const flags = valuesOf(q, 'is');
  return (
    <search class="toolbar">
      <SearchBox value={q} inputRef={searchRef} onChange={(text) => updatePage({ q: text })} />
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
        value={classes}
        onChange={({ currentTarget: { value } }) =>
          set('class', value === '' ? [] : value.split(','))
        }
      >
        <option value="">All decisions</option>
        <option value="allowed,would_block">Allowed</option>
        <option value="blocked">Blocked</option>
        <option value="error">Errors</option>
        <option value="uninspected">Uninspected</option>
        <option value="running">Running</option>
        <option value="event,damaged">Events of leash</option>
      </select>
      <Toggle on={flags.includes('internet')} onChange={(on) => set('is', on ? ['internet'] : [])}>
        Internet only
      </Toggle>
      <Toggle
        on={classes === 'would_block'}
        onChange={(on) => set('class', on ? ['would_block'] : [])}
      >
        Would block in enforce
      </Toggle>
      <Toggle on={redact} onChange={(on) => updatePage({ redact: on })}>
        Hide credentials
      </Toggle>
    </search>
  );
}

type SearchProps = {
  readonly value: string;
  readonly inputRef: Ref<HTMLInputElement>;
  readonly onChange: (value: string) => void;
};

function SearchBox({ value, inputRef, onChange }: SearchProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="search">
      <input
        ref={inputRef}
        type="search"
        placeholder="Search address, host, headers, client, method, status, reason"
        aria-label="Search the log"
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <kbd>/</kbd>
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

/** The chosen client stays in the list when it is not among the newest rows. */
function clientNames(clients: readonly Client[], chosen: string) {
  const list = clients.map(({ client, agent, rows }) => ({
    client,
    label: `${agent ? `${agent} (${client})` : client} · ${rows >= 1000 ? '1000+' : rows}`,
  }));
  const isKnown = chosen === '' || list.some(({ client }) => client === chosen);
  return isKnown ? list : [...list, { client: chosen, label: chosen }];
}
