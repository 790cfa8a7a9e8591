// Asks `decide` about a record again, under the policy of now: what was decided then stands in the
// record, what would be today is asked here. Pure. Names are not resolved and nobody is asked who they
// are: what only a connection can tell is not asked again, and the answer says so.

import type { Ask, Policy } from '../../shared/policy.ts';
import type { Row } from '../store/row.ts';
import { askOf, decideAgain, isOfAddress, isRefusedOtherwise, sentPath } from './recorded-ask.ts';
import { ruleEntry } from './rule-entry.ts';

/** A rule's place in the files, as the record or `decide` names it. */
export type RulePlace = {
  file: string;
  line: number;
  /** That line of the file as it is now; empty: the file is shorter, or gone. */
  text: string;
};

export type Why = {
  recorded: {
    allow: boolean;
    reason: string;
    rule: string;
    would_block: boolean;
    mode: string;
    policy: number | null;
    /** Where the rule stood, and where it stands now: null = nowhere any more. */
    place: { file: string; line: number; now_line: number | null } | null;
  };
  /** Null where the record is no request, or the policy of now cannot be told. */
  now: {
    allow: boolean;
    reason: string;
    rule: string;
    would_block: boolean;
    mode: string;
    policy: number | null;
    place: RulePlace | null;
  } | null;
  /** Whether today's answer is another one. */
  changed: boolean;
  /** What this does not tell; empty: nothing to add. */
  note: string;
  /** The narrowest entry that names this request, for each list; null: there is none. */
  entry: { allow: string | null; block: string | null };
};

export type Files = Readonly<Record<string, string>>;
export type WhyAsk = {
  readonly row: Row;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly policy: Policy;
  readonly files: Files;
  /** Version in force by the primary's word. */
  readonly version: number | null;
  readonly nowMs: number;
};

const RULE_TEXT = /^([a-z.]+\.yaml):(\d{1,7}) (.*)$/s;

export function askAgain({ row, fields, policy, files, version, nowMs }: WhyAsk): Why {
  const recorded = recordedOf(row, fields, files);
  const asked = askOf(row, nowMs);
  if (asked === null) {
    const note = isRefusedOtherwise(row) ? NOTES.otherwise : NOTES.noRequest;
    return { recorded, now: null, changed: false, note, entry: { allow: null, block: null } };
  }
  const decision = decideAgain(policy, row, asked);
  const now = {
    allow: decision.passes,
    reason: decision.reason,
    rule: decision.rule,
    // Of what is blocked there is nothing that would be.
    would_block: decision.passes && decision.wouldBlock,
    mode: policy.mode ?? '',
    policy: version,
    place: placeOf(decision.rule, files),
  };
  return {
    recorded,
    now,
    changed: recorded.allow !== now.allow || recorded.would_block !== now.would_block,
    note: isOfAddress(row) ? NOTES.address : '',
    entry: entriesFor(row, asked),
  };
}

const NOTES = {
  noRequest: 'This record is no request to a host, so there is nothing to ask.',
  otherwise:
    'It was refused for a reason that the rules for hosts do not decide; that is not asked again.',
  address:
    'It was refused for the address that its name led to; where that leads today is not asked again.',
} as const;

function recordedOf(row: Row, fields: WhyAsk['fields'], files: Files): Why['recorded'] {
  const match = RULE_TEXT.exec(row.rule);
  const [, file = '', line = '', written = ''] = match ?? [];
  return {
    allow: row.event !== 'blocked' && row.event !== 'revoked',
    reason: row.reason,
    rule: row.rule,
    would_block: row.would_block,
    mode: textOf(fields.mode),
    policy: typeof fields.policy === 'number' ? fields.policy : null,
    place: match && {
      file,
      line: Number(line),
      now_line: findRule(files[file] ?? '', Number(line), written),
    },
  };
}

/** The line that holds the same name: the one of then, else the nearest to it. */
function findRule(text: string, line: number, written: string): number | null {
  const name = written.toLowerCase();
  const holds = text.split('\n').flatMap((each, index) => {
    const words = each
      .toLowerCase()
      .replace(/#.*$/, '')
      .split(/[\s"',{}[\]]+/);
    return words.includes(name) ? [index + 1] : [];
  });
  return holds.sort((a, b) => Math.abs(a - line) - Math.abs(b - line))[0] ?? null;
}

function placeOf(rule: string, files: Files): RulePlace | null {
  const match = RULE_TEXT.exec(rule);
  if (match === null) return null;
  const [, file = '', line] = match;
  const text = (files[file] ?? '').split('\n')[Number(line) - 1] ?? '';
  return { file, line: Number(line), text: text.trim().slice(0, 300) };
}

function entriesFor(row: Row, ask: Ask): Why['entry'] {
  const facts = {
    host: ask.target.host,
    port: ask.target.port,
    method: ask.stage === 'request' ? row.method : '',
    path: ask.stage === 'request' ? sentPath(row.url) : '',
  };
  return {
    allow: ruleEntry('enforce.yaml', facts),
    block: ruleEntry('blocklist.yaml', facts),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
