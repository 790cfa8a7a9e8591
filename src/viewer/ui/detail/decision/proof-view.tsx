// The record's place in the log, and what of it was verified just now.

import type { ComponentChildren } from 'preact';
import type { ProofAnswer } from '../../../detail-api.ts';
import type { Flow } from '../../../store/flow.ts';
import { SafeText } from '../../kit/safe-text.tsx';
import { fetchProof, useAnswer } from './detail-client.ts';

export function ProofView({ flow }: { flow: Flow }) {
  const { value, error } = useAnswer(fetchProof, flow.row);
  return (
    <section class="proof-view">
      {error && <p class="error">{error}</p>}
      {value === null && !error && <p class="hint">Checking hashes and signatures…</p>}
      {value && <Proof proof={value} />}
    </section>
  );
}

const MARKS = { good: '✓', bad: '✗', unknown: '?' } as const;

function Proof({ proof }: { proof: ProofAnswer }) {
  const { checkpoint, whole } = proof;
  const isGood =
    proof.links === 'good' && checkpoint.chain !== 'bad' && checkpoint.signature !== 'bad';
  const isBad =
    proof.links === 'bad' || checkpoint.chain === 'bad' || checkpoint.signature === 'bad';
  const state = isBad ? 'bad' : isGood ? 'good' : 'unknown';
  return (
    <>
      <p class={`proof-summary ${state}`}>
        <b>
          {MARKS[state]} {isBad ? 'Not as it was written' : isGood ? 'Linked' : 'Not checked'}
          {isGood && checkpoint.signature === 'good' && ' and signed'}.
        </b>{' '}
        {proof.summary}
      </p>
      <dl class="proof">
        <Fact name="Record">{proof.seq ?? 'none'}</Fact>
        <Fact name="Place">
          <code>
            <SafeText text={proof.file} />
          </code>
          , byte {proof.offset.toLocaleString('en')}
        </Fact>
        <Fact name="Its hash">
          <code>{proof.hash}</code>
        </Fact>
        <Fact name="prev">
          <code>{proof.prev || '–'}</code> <Mark state={proof.before} />
        </Fact>
        <Fact name="The next one">
          <Mark state={proof.after} />
        </Fact>
        <Fact name="Checkpoint">
          {checkpoint.seq === null
            ? 'none behind it'
            : `record ${checkpoint.seq}, ${checkpoint.walked} records walked, signature ${checkpoint.signature}`}
        </Fact>
        {checkpoint.key !== '' && (
          <Fact name="Key">
            <code>{checkpoint.key}</code>
          </Fact>
        )}
        <Fact name="Whole log">{whole === null ? 'not looked at' : wholeText(whole)}</Fact>
      </dl>
      <p class="hint">
        Whether the key is leash’s own, and the log as a whole: <code>leashctl verify</code>.
      </p>
    </>
  );
}

function wholeText({ state, segments, damage_here }: NonNullable<ProofAnswer['whole']>): string {
  const looked = `${segments} segment${segments === 1 ? '' : 's'} walked by leash at its start`;
  if (damage_here) return `${looked}: this file is damaged`;
  return state === 'running' ? `${looked} so far` : `${looked}: no damage in this file`;
}

const LINK_WORDS = {
  good: '✓ fits',
  bad: '✗ does not fit',
  unknown: '? not there to check',
  first: '✓ the log begins here',
  last: 'none follows yet',
} as const;

function Mark({ state }: { state: keyof typeof LINK_WORDS }) {
  const tone = state === 'first' ? 'good' : state === 'last' ? 'unknown' : state;
  return <span class={`link-state ${tone}`}>{LINK_WORDS[state]}</span>;
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
