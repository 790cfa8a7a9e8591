// Search and filters.

import type { Ref } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Client } from '../meta.ts';
import type { Filters } from './url-state.ts';

/** Typing is not searched letter by letter. */
const TYPING_MS = 250;

export type ToolbarProps = {
  readonly filters: Filters;
  readonly clients: readonly Client[];
  readonly searchRef: Ref<HTMLInputElement>;
  readonly onChange: (change: Partial<Filters>) => void;
};

export function Toolbar({ filters, clients, searchRef, onChange }: ToolbarProps) {
  return (
    <search class="toolbar">
      <SearchBox value={filters.q} inputRef={searchRef} onChange={(q) => onChange({ q })} />
      <select
        aria-label="Client"
        value={filters.client}
        onChange={(event) => onChange({ client: event.currentTarget.value })}
      >
        <option value="">All clients</option>
        {clientNames(clients, filters.client).map(({ client, label }) => (
          <option value={client}>{label}</option>
        ))}
      </select>
      <select
        aria-label="Decision"
        value={filters.class}
        onChange={(event) => onChange({ class: event.currentTarget.value })}
      >
        <option value="">All decisions</option>
        <option value="allowed,would_block">Allowed</option>
        <option value="blocked">Blocked</option>
        <option value="error">Errors</option>
        <option value="uninspected">Uninspected</option>
        <option value="running">Running</option>
        <option value="event,damaged">Events of leash</option>
      </select>
      <Toggle on={filters.internetOnly} onChange={(internetOnly) => onChange({ internetOnly })}>
        Internet only
      </Toggle>
      <Toggle on={filters.wouldBlock} onChange={(wouldBlock) => onChange({ wouldBlock })}>
        Would block in enforce
      </Toggle>
      <Toggle on={filters.redact} onChange={(redact) => onChange({ redact })}>
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
