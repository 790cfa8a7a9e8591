// What enforce mode blocks or would block, in groups: what is left to decide before the policy is tight.

import { useState } from 'preact/hooks';
import { formatTime, plural } from '../kit/format.ts';
import { mayChange } from '../policy/change-state.ts';
import { AllowMany } from './allow-many.tsx';
import { byHost, keyOf, type Sort } from './backlog-state.ts';
import { BacklogTable } from './backlog-table.tsx';
import { ignored } from './ignored.ts';
import { type BacklogState, useBacklog } from './use-backlog.ts';

const SPANS = [
  ['1h', 'the last hour'],
  ['24h', 'the last 24 hours'],
  ['7d', 'the last 7 days'],
  ['30d', 'the last 30 days'],
] as const;

export function HardenView() {
  const [since, setSince] = useState('7d');
  const [sort, setSort] = useState<Sort>('count');
  const [round, setRound] = useState(0);
  const [showIgnored, setShowIgnored] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<'allow' | 'block' | null>(null);
  const state = useBacklog(since, round);
  const shown = state.groups.filter((group) => ignored.value.has(keyOf(group)) === showIgnored);
  const chosen = shown.filter((group) => selected.has(keyOf(group)));
  const hidden = state.groups.length - shown.length;
  const access = mayChange.value;
  const select = (keys: readonly string[], on: boolean) => {
    const next = new Set(selected);
    for (const key of keys) on ? next.add(key) : next.delete(key);
    setSelected(next);
  };
  return (
    <main class="harden">
      <div class="bar">
        <h2>To decide</h2>
        <Summary state={state} groups={shown.length} />
        <span class="gap" />
        <label>
          Window{' '}
          <select value={since} onChange={({ currentTarget }) => setSince(currentTarget.value)}>
            {SPANS.map(([value, text]) => (
              <option value={value}>{text}</option>
            ))}
          </select>
        </label>
        <label>
          Sort by{' '}
          <select value={sort} onChange={(event) => setSort(event.currentTarget.value as Sort)}>
            <option value="count">count</option>
            <option value="last">last seen</option>
          </select>
        </label>
        {(hidden > 0 || showIgnored) && (
          <button
            type="button"
            aria-pressed={showIgnored}
            onClick={() => setShowIgnored(!showIgnored)}
          >
            {showIgnored ? 'Back to the others' : `Ignored (${hidden})`}
          </button>
        )}
        <button type="button" onClick={() => setRound(round + 1)}>
          Read again
        </button>
      </div>
      {state.problem && (
        <p class="strip bad" role="alert">
          The log could not be read on: {state.problem}
        </p>
      )}
      {state.overflow > 0 && (
        <p class="strip warn">
          {plural(state.overflow, 'request')} had no room among the groups: allow or block some of
          these, or choose a shorter window.
        </p>
      )}
      <div class="backlog-scroll">
        {shown.length > 0 ? (
          <BacklogTable
            hosts={byHost(shown, sort)}
            selected={selected}
            onSelect={select}
            since={since}
          />
        ) : (
          !state.reading && <Nothing solved={state.solved} showIgnored={showIgnored} />
        )}
      </div>
      {chosen.length > 0 && (
        <section class="bar chosen" aria-label="Selected">
          <b>{plural(chosen.length, 'group')} selected</b>
          <span class="hint">
            {plural(
              chosen.reduce((sum, { count }) => sum + count, 0),
              'request',
            )}
          </span>
          <span class="gap" />
          <button type="button" onClick={() => setSelected(new Set())}>
            Select none
          </button>
          <button type="button" disabled={!access.may_change} onClick={() => setAsked('block')}>
            Block selected…
          </button>
          <button
            type="button"
            class="primary"
            disabled={!access.may_change}
            onClick={() => setAsked('allow')}
          >
            Allow selected…
          </button>
        </section>
      )}
      {asked && (
        <AllowMany
          action={asked}
          groups={chosen}
          since={since}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null);
            setSelected(new Set());
          }}
        />
      )}
    </main>
  );
}

function Summary({ state, groups }: { state: BacklogState; groups: number }) {
  const { rows, reading, searchedBackTo } = state;
  const back =
    searchedBackTo === null ? '' : `, read back to ${formatTime(searchedBackTo, new Date())}`;
  return (
    <span class="hint" role="status">
      {plural(rows, 'request')} in {plural(groups, 'group')}
      {reading ? `, reading on${back}…` : ''}
    </span>
  );
}

function Nothing({ solved, showIgnored }: { solved: number; showIgnored: boolean }) {
  if (showIgnored) return <p class="nothing">Nothing is ignored.</p>;
  return (
    <p class="nothing">
      <b>Nothing is left to decide.</b>{' '}
      {solved > 0
        ? `${plural(solved, 'request')} of this window would have been blocked then, and pass by the policy of now.`
        : 'In this window every request is one that the policy names.'}
    </p>
  );
}
