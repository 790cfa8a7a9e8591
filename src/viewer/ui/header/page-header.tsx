// Name, mode and health of leash, and the strips that say what is wrong.

import type { Meta } from '../../meta.ts';
import { meta as newestMeta } from '../kit/app-state.ts';
import { connection } from '../kit/connection.ts';
import { formatTime } from '../kit/format.ts';
import { ClassIcon, LogoIcon } from '../kit/icons.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { ModeSwitcher } from './mode-switcher.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { ViewNav } from './view-nav.tsx';

const MODE_TEXTS: ReadonlyMap<string, string> = new Map([
  ['audit', 'Audit mode: no rule blocks. What enforce would block is marked.'],
  ['blocklist', 'Blocklist mode: everything passes except what blocklist.yaml names.'],
]);

export function PageHeader() {
  const meta = newestMeta.value;
  const problem = connection.value;
  return (
    <>
      <header class="top">
        <h1>
          <LogoIcon /> leash
        </h1>
        <ViewNav />
        <ModeSwitcher />
        <span class="facts">{meta && <Facts meta={meta} />}</span>
        <span class={`dot ${dotClass(meta, problem)}`} />
        <span class="state" role="status">
          {problem ||
            (meta === null ? 'connecting' : meta.problems.length > 0 ? 'not ready' : 'ready')}
        </span>
        <ThemeSwitch />
      </header>
      {meta && <Strips meta={meta} />}
    </>
  );
}

function Facts({ meta }: { meta: Meta }) {
  const facts = [
    meta.hostname,
    meta.policy_version === null ? '' : `policy version ${meta.policy_version}`,
    `leash ${meta.version}`,
  ];
  return <>{facts.filter((fact) => fact !== '').join(' · ')}</>;
}

function Strips({ meta }: { meta: Meta }) {
  const text = meta.mode === null ? undefined : MODE_TEXTS.get(meta.mode);
  return (
    <div class="strips">
      {meta.log?.healthy === false && (
        <p class="strip bad" role="alert">
          The record cannot be written, so agents get 503: <SafeText text={meta.log.problem} />
        </p>
      )}
      <RecordStrips record={meta.record} />
      {meta.problems
        .filter((problem) => !problem.startsWith('the record cannot'))
        .map((problem) => (
          <p class="strip bad">
            Not ready: <SafeText text={problem} />
          </p>
        ))}
      {meta.policy_problems.map((problem) => (
        <p class="strip bad">
          <b>
            <SafeText text={`${problem.file}:${problem.line}:${problem.column}`} />
          </b>{' '}
          <SafeText text={problem.message} />
          {meta.policy_version === null
            ? '. Nothing passes until it is mended.'
            : '. What was in force before stays in force.'}
        </p>
      ))}
      {text && <p class="strip warn">{text}</p>}
      {!meta.agents_known && (
        <p class="strip warn">
          agents.yaml names no <code>agent_networks</code>: leash cannot tell agents from operators.
        </p>
      )}
    </div>
  );
}

/** So many damaged segments are named; the rest is a number. */
const MAX_DAMAGE = 3;

function RecordStrips({ record }: { record: Meta['record'] }) {
  const { damage, torn } = record;
  const others = damage.length - MAX_DAMAGE;
  return (
    <>
      {damage.length > 0 && (
        <p class="strip bad damage" role="alert">
          <ClassIcon name="damaged" />
          <span>
            <b>The record is damaged:</b>{' '}
            <SafeText text={damage.slice(0, MAX_DAMAGE).map(placeOf).join('; ')} />
            {others > 0 && `; and ${others} more`}. Keep the files as they are and run{' '}
            <code>leashctl verify</code>: it says which records still hold.
          </span>
        </p>
      )}
      {torn !== null && (
        <p class="strip warn">
          After a crash (<SafeText text={formatTime(torn.ts, new Date())} />) the last line of{' '}
          <SafeText text={torn.file} /> was half written, and was set aside. That alone costs no
          whole record.
        </p>
      )}
    </>
  );
}

function placeOf({ kind, file, seq, offset }: Meta['record']['damage'][number]): string {
  if (kind === 'gone') return `${file} is gone, from record ${seq} on`;
  if (kind === 'missing') return `what came before ${file} is missing, up to record ${seq - 1}`;
  if (kind === 'truncated') return `${file} was cut off: record ${seq} and later ones are missing`;
  return `${file}, record ${seq}, byte ${offset}`;
}

function dotClass(meta: Meta | null, problem: string): string {
  if (problem !== '' || meta === null) return 'wait';
  return meta.problems.length > 0 ? 'bad' : 'good';
}
