// The view of how leash is: its workers, its record, its disk, its policy. Asks every few seconds;
// changes nothing.

import { useEffect, useState } from 'preact/hooks';
import type { State } from '../../state/state-api.ts';
import { fetchState } from '../kit/api-client.ts';
import { meta, noteFailure } from '../kit/app-state.ts';
import { formatBytes, formatTime } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { type Card, cardsOf } from './cards.ts';

const POLL_MS = 5000;

export function StateView() {
  const [state, setState] = useState<State | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    let timer = 0;
    const poll = async () => {
      try {
        if (!document.hidden) setState(await fetchState(controller.signal));
      } catch (error) {
        if (!controller.signal.aborted) noteFailure(error);
      }
      if (!controller.signal.aborted) timer = window.setTimeout(poll, POLL_MS);
    };
    poll();
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, []);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <main class="state-view" tabIndex={0} aria-label="State of things" aria-busy={state === null}>
      <h2>State of things</h2>
      {state === null ? (
        <p class="hint">Asking leash…</p>
      ) : (
        <>
          <div class="cards">
            {cardsOf(state, { formatBytes, formatTime: (ts) => formatTime(ts, new Date()) }).map(
              (card) => (
                <StateCard key={card.title} card={card} />
              ),
            )}
            <IndexCard />
          </div>
          <Workers state={state} />
          <PolicyProblems state={state} />
        </>
      )}
    </main>
  );
}

function StateCard({ card }: { card: Card }) {
  return (
    <section class={`card ${card.tone}`} aria-label={card.title}>
      <h3>{card.title}</h3>
      <p class="value">
        {card.tone !== 'plain' && <span class="tone">{TONES[card.tone]}</span>}
        <SafeText text={card.value} />
      </p>
      {card.notes.map((note) => (
        <p class="note" key={note}>
          <SafeText text={note} />
        </p>
      ))}
    </section>
  );
}

/** Beside the colour, which alone tells nothing to many. */
const TONES = { good: '✓ ', warn: '! ', bad: '✕ ' } as const;

/** How far the search index is: what has none is read in full. */
function IndexCard() {
  const index = meta.value?.index;
  if (index === undefined) return null;
  const { segments, indexed } = index;
  return (
    <section class="card plain" aria-label="Search index">
      <h3>Search index</h3>
      <p class="note">
        {indexed === segments
          ? 'All segments have one.'
          : `${indexed} of ${segments} segments have one; the others are read in full.`}
      </p>
    </section>
  );
}

function Workers({ state }: { state: State }) {
  const version = state.policy?.version ?? 0;
  return (
    <section aria-label="Workers">
      <h3>Workers</h3>
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Number</th>
            <th scope="col">Process</th>
            <th scope="col">Takes connections</th>
            <th scope="col">Policy in force</th>
            <th scope="col">Under way</th>
          </tr>
        </thead>
        <tbody>
          {state.workers.map((worker) => (
            <tr key={worker.pid}>
              <td>{worker.number}</td>
              <td>{worker.pid}</td>
              <td>{worker.listening ? 'yes' : 'no'}</td>
              <td>
                {worker.policy === 0 ? 'none yet' : worker.policy}
                {worker.policy !== version && ' (not the newest)'}
              </td>
              <td>{worker.flows ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function PolicyProblems({ state }: { state: State }) {
  if (state.policy_problems.length === 0) return null;
  return (
    <section aria-label="Mistakes in policy files">
      <h3>Mistakes in policy files</h3>
      <ul class="state-problems">
        {state.policy_problems.map(({ file, line, column, message }) => (
          <li key={`${file}:${line}:${column}`}>
            <b>
              <SafeText text={`${file}:${line}:${column}`} />
            </b>{' '}
            <SafeText text={message} />
          </li>
        ))}
      </ul>
    </section>
  );
}
