// What the answer of `/api/state` means, in plain words: one card a question. Pure: how a number or a
// time is written is the caller's.

import type { State } from '../../state/state-api.ts';
import { formatDays, formatSpan } from '../kit/format.ts';

export type Card = {
  readonly title: string;
  readonly value: string;
  readonly tone: 'good' | 'warn' | 'bad' | 'plain';
  readonly notes: readonly string[];
};

type Formats = {
  formatBytes(bytes: number): string;
  /** Of seconds since 1970. */
  formatTime(ts: number): string;
};

/** Less than so many days until a disk is full wants a look; less than that many, a hand. */
const WARN_DAYS = 14;
const BAD_DAYS = 2;
/** Below this share of the disk, whatever the growth. */
const WARN_SHARE = 0.1;
const BAD_SHARE = 0.02;

const AUDIT_TEXTS: Readonly<Record<string, string>> = {
  relaxed: 'A request may be on its way before its record is written.',
  accepted: 'No byte of a request leaves before its record is written.',
  durable: 'No byte of a request leaves before its record is on the disk.',
};

/** The answer → its cards, in the order in which somebody under pressure asks. */
export function cardsOf(state: State, formats: Formats): Card[] {
  return [
    serviceCard(state),
    recordCard(state),
    diskCard(state, formats),
    checkpointCard(state, formats),
    checkCard(state, formats),
    policyCard(state),
    unseenCard(state, formats),
    refusedCard(state),
  ];
}

function serviceCard({ alive, problems, uptime_s, versions, workers, open_flows }: State): Card {
  const listening = workers.filter((worker) => worker.listening).length;
  return {
    title: 'Service',
    value: problems.length === 0 ? 'Serving' : 'Not ready',
    tone: problems.length === 0 ? 'good' : 'bad',
    notes: [
      ...problems,
      ...(uptime_s === null ? [] : [`up for ${formatSpan(uptime_s)}`]),
      `${listening} of ${workers.length} workers take connections`,
      ...(open_flows === null || !alive
        ? []
        : [`${open_flows} tunnels and requests are under way`]),
      `leash ${versions.leash}, Node ${versions.node}`,
    ],
  };
}

function recordCard({ record }: State): Card {
  return {
    title: 'Record',
    value: record.healthy ? 'Being written' : 'Cannot be written',
    tone: record.healthy ? 'good' : 'bad',
    notes: [
      ...(record.healthy ? [] : [record.problem, 'Agents get 503 until it can.']),
      `segment ${record.segment}, last record ${record.seq}`,
      `${record.audit}: ${AUDIT_TEXTS[record.audit] ?? ''}`,
    ].filter((note) => note !== ''),
  };
}

function diskCard({ disk }: State, { formatBytes }: Formats): Card {
  const title = 'Disk';
  const { log, state, growth_per_day: growth, days_left: days } = disk;
  if (log === null)
    return {
      title,
      value: 'Unknown',
      tone: 'warn',
      notes: ['The folder of the log cannot be asked.'],
    };
  const share = log.total_bytes === 0 ? 1 : log.free_bytes / log.total_bytes;
  const isBad = share < BAD_SHARE || (days !== null && days < BAD_DAYS);
  const isLow = share < WARN_SHARE || (days !== null && days < WARN_DAYS);
  return {
    title,
    value: `${formatBytes(log.free_bytes)} left`,
    tone: isBad ? 'bad' : isLow ? 'warn' : 'good',
    notes: [
      `of ${formatBytes(log.total_bytes)}, where the log is`,
      growth === null
        ? 'The log is too young to say how long that lasts.'
        : `The log grows by ${formatBytes(growth)} a day.`,
      ...(days === null ? [] : [`At this pace it is full in ${formatDays(days)}.`]),
      ...(state === null ? [] : [`${formatBytes(state.free_bytes)} left where state and keys are`]),
    ],
  };
}

function checkpointCard({ record }: State, { formatTime }: Formats): Card {
  const title = 'Last checkpoint';
  const last = record.checkpoint;
  if (last === null)
    return { title, value: 'None yet', tone: 'warn', notes: ['Nothing of the log is signed.'] };
  const unsigned = Math.max(0, record.seq - last.seq - 1);
  return {
    title,
    value: `record ${last.seq + 1}`,
    tone: 'plain',
    notes: [
      `signed ${formatTime(last.ts)}, in segment ${last.segment}`,
      `${unsigned} records since then are not signed yet`,
      `key ${last.key.slice(0, 16)}…`,
    ],
  };
}

function checkCard({ record }: State, { formatTime }: Formats): Card {
  const title = 'Last verification';
  const { check } = record;
  if (check === null) return { title, value: 'None', tone: 'warn', notes: [] };
  const count = check.segments === 1 ? '1 segment' : `${check.segments} segments`;
  const walked = `${count}, at the start of leash`;
  if (check.damaged > 0) {
    return {
      title,
      value: `${check.damaged} damaged`,
      tone: 'bad',
      notes: [walked, 'Keep the files as they are and run leashctl verify.'],
    };
  }
  const isDone = check.state === 'done';
  return {
    title,
    value: isDone ? 'No damage found' : 'Running',
    tone: isDone ? 'good' : 'plain',
    notes: [walked, ...(check.at === null ? [] : [`done ${formatTime(check.at / 1000)}`])],
  };
}

function policyCard({ policy, policy_problems, workers }: State): Card {
  const count = policy_problems.length;
  const late = workers.filter((worker) => worker.policy !== policy?.version).length;
  return {
    title: 'Policy',
    value: policy === null ? 'None: nothing passes' : `version ${policy.version}, ${policy.mode}`,
    tone: policy === null ? 'bad' : count > 0 || late > 0 ? 'warn' : 'good',
    notes: [
      count === 0
        ? 'All files can be read.'
        : `${count} ${count === 1 ? 'mistake' : 'mistakes'} in its files, below`,
      late === 0 ? 'All workers have it in force.' : `${late} workers do not have it in force yet`,
    ],
  };
}

function unseenCard({ totals }: State, { formatBytes }: Formats): Card {
  const bytes = totals?.uninspected_bytes ?? 0;
  return {
    title: 'Not inspected',
    value: totals === null ? 'Unknown' : formatBytes(bytes),
    tone: bytes > 0 ? 'warn' : 'plain',
    notes: ['went through tunnels that network.yaml lists, both ways, since the start'],
  };
}

function refusedCard({ totals }: State): Card {
  const seconds = totals?.suspended_s ?? 0;
  const refused = totals?.refused ?? 0;
  return {
    title: 'Refused for the record',
    value: totals === null ? 'Unknown' : formatSpan(seconds),
    tone: seconds > 0 || refused > 0 ? 'warn' : 'plain',
    notes: [
      'in which nothing passed because it could not be recorded, since the start',
      ...(refused > 0 ? [`${refused} requests were refused without a record of their own`] : []),
    ],
  };
}
