// Entries that end by themselves, with the time that is left, and a way to end them now.

import { useEffect, useState } from 'preact/hooks';
import type { Grant } from '../../policy/policy-api.ts';
import { meta } from '../kit/app-state.ts';
import { formatUtc } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { changeCount, mayChange } from './change-state.ts';
import { leftText } from './left-text.ts';
import { fetchGrants } from './policy-client.ts';
import { removeAsk } from './remove-ask.ts';
import { RemoveDialog } from './remove-dialog.tsx';

/** Time left is shown in minutes. */
const TICK_MS = 15_000;

export function GrantList() {
  const [grants, setGrants] = useState<readonly Grant[]>([]);
  const [problem, setProblem] = useState('');
  const [ending, setEnding] = useState<Grant | null>(null);
  const [nowS, setNowS] = useState(Date.now() / 1000);
  const changes = changeCount.value;
  const version = meta.value?.policy_version;
  useEffect(() => {
    fetchGrants().then(
      (list) => {
        setGrants(list);
        setProblem('');
      },
      (error: Error) => {
        setGrants([]);
        setProblem(error.message);
      },
    );
  }, [changes, version]);
  useEffect(() => {
    const timer = setInterval(() => setNowS(Date.now() / 1000), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="grants" aria-label="Grants">
      <h2>Grants</h2>
      {problem !== '' && (
        <p class="warn-text">
          <SafeText text={problem} />
        </p>
      )}
      {grants.length === 0 && problem === '' && <p class="hint">No entry has an end.</p>}
      <ul>
        {[...grants]
          .sort((a, b) => a.expires_at - b.expires_at)
          .map((grant) => (
            <li>
              <div>
                <b>
                  <SafeText text={grant.host} />
                </b>{' '}
                <span class="hint">
                  <SafeText text={whatOf(grant)} />
                </span>
              </div>
              <div class="bar">
                <span
                  class={grant.expires_at <= nowS ? 'hint' : 'warn-text'}
                  title={formatUtc(grant.expires_at)}
                >
                  {leftText(grant.expires_at - nowS)}
                </span>
                <code class="hint">
                  {grant.file}:{grant.line}
                </code>
                <span class="gap" />
                <button
                  type="button"
                  class="small"
                  disabled={!mayChange.value.may_change || removeAsk(grant) === null}
                  onClick={() => setEnding(grant)}
                >
                  {grant.expires_at <= nowS ? 'Remove…' : 'End now…'}
                </button>
              </div>
            </li>
          ))}
      </ul>
      {ending && <RemoveDialog entry={ending} onClose={() => setEnding(null)} />}
    </section>
  );
}

function whatOf({ paths, agents, reason }: Grant): string {
  const where = (paths ?? []).map(({ method, prefix }) => `${method} ${prefix}`.trim()).join(', ');
  const who = agents === null ? '' : `for ${agents.join(', ')}`;
  return [where, who, reason].filter((part) => part !== '').join(' · ');
}
