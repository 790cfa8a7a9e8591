// Why it was decided as it was, by which rule in which line, and what the policy of now would say.

import type { WhyAnswer } from '../../../detail-api.ts';
import type { Flow } from '../../../store/flow.ts';
import { meta } from '../../kit/app-state.ts';
import { CopyButton } from '../../kit/copy-button.tsx';
import { explain } from '../../kit/explain.ts';
import { ClassIcon } from '../../kit/icons.tsx';
import { SafeText } from '../../kit/safe-text.tsx';
import { fetchWhy, useAnswer } from './detail-client.ts';

export function DecisionView({ flow }: { flow: Flow }) {
  const { value, error } = useAnswer(fetchWhy, flow.row, meta.value?.policy_version);
  return (
    <section class="decision-view">
      {error && <p class="error">{error}</p>}
      {value === null && !error && <p class="hint">Asking the policy…</p>}
      {value && <Why why={value} flow={flow} />}
    </section>
  );
}

function Why({ why, flow }: { why: WhyAnswer; flow: Flow }) {
  const { recorded, now, entry } = why;
  return (
    <>
      <Today why={why} />
      {why.note && <p class="hint">{why.note}</p>}
      <table class="compare-table">
        <thead>
          <tr>
            <td />
            <th scope="col">Then</th>
            <th scope="col">Today</th>
          </tr>
        </thead>
        <tbody>
          <Row name="Verdict" a={verdict(recorded)} b={now && verdict(now)} />
          <Row name="Mode" a={recorded.mode} b={now?.mode ?? null} />
          <Row name="Reason" a={recorded.reason} b={now?.reason ?? null} />
          <Row name="Rule" a={recorded.rule} b={now?.rule ?? null} />
          <Row
            name="Policy"
            a={recorded.policy === null ? '' : `version ${recorded.policy}`}
            b={now && (now.policy === null ? 'as the files say' : `version ${now.policy}`)}
          />
        </tbody>
      </table>
      {explain(flow.row) && <p class="sentence">{explain(flow.row)}</p>}
      <Place why={why} />
      {entry.allow !== null && (
        <details class="rule-entry">
          <summary>As a rule: this request, and little else</summary>
          <RuleText title="To allow it: enforce.yaml" text={entry.allow} />
          {entry.block !== null && (
            <RuleText title="To block it: blocklist.yaml" text={entry.block} />
          )}
        </details>
      )}
    </>
  );
}

function Today({ why: { now, changed, problem } }: { why: WhyAnswer }) {
  if (problem) {
    return (
      <p class="notice">
        What it would be today cannot be told: <SafeText text={problem} />
      </p>
    );
  }
  if (now === null) return null;
  const name = !now.allow ? 'blocked' : now.would_block ? 'would_block' : 'allowed';
  const why = now.reason === 'rule' ? '' : ` (${now.reason})`;
  return (
    <p class={`today k-${name}`}>
      <span class="decision">
        <ClassIcon name={name} />
        Today: {sentence(now.allow, now.would_block)}
        {why}
      </span>{' '}
      {changed ? <b class="changed">changed since</b> : <span class="hint">as it was then</span>}
    </p>
  );
}

function sentence(allow: boolean, wouldBlock: boolean): string {
  if (!allow) return 'would be blocked';
  return wouldBlock ? 'would pass, and be blocked in enforce mode' : 'would be allowed';
}

function verdict({ allow, would_block }: { allow: boolean; would_block: boolean }): string {
  if (!allow) return 'blocked';
  return would_block ? 'passed, would block in enforce' : 'allowed';
}

function Row({ name, a, b }: { name: string; a: string; b: string | null }) {
  if (a === '' && !b) return null;
  return (
    <tr class={b !== null && a !== b ? 'differs' : ''}>
      <th scope="row">{name}</th>
      <td>
        <SafeText text={a || '–'} />
      </td>
      <td>
        <SafeText text={b || '–'} />
      </td>
    </tr>
  );
}

/** Where the rule of then stands in the files of now, and the line that decides today. */
function Place({ why: { recorded, now } }: { why: WhyAnswer }) {
  const { place, policy } = recorded;
  const isOld = now !== null && policy !== null && now.policy !== null && policy !== now.policy;
  return (
    <>
      {place && (
        <p class="sentence">
          The rule stood at{' '}
          <code>
            <SafeText text={`${place.file}:${place.line}`} />
          </code>
          {place.now_line === null
            ? ', and no line of that file names it any more.'
            : place.now_line === place.line
              ? ', and still does.'
              : `, and stands in line ${place.now_line} now.`}
          {isOld && ` The policy was changed since: it was version ${policy}.`}
        </p>
      )}
      {now?.place && (
        <p class="sentence">
          Today <code>{`${now.place.file}:${now.place.line}`}</code> decides:{' '}
          <code>
            <SafeText text={now.place.text} />
          </code>
        </p>
      )}
    </>
  );
}

function RuleText({ title, text }: { title: string; text: string }) {
  return (
    <>
      <div class="body-bar">
        <span>{title}</span>
        <CopyButton text={text} label="Copy rule" />
      </div>
      <pre>
        <SafeText text={text} lines />
      </pre>
    </>
  );
}
