// `leashctl suggest`: the narrowest allowlist that lets pass what passed, made of the log. Writes no file:
// the text goes to standard output, for a person to read before it is put in force.

import { isProblems, parseRules } from '../../../shared/policy-file.ts';
import { parseAgentName } from '../../../shared/policy-rules.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import { plainCount, plainText } from '../../replay/plain-text.ts';
import type { GroupsFound } from '../../suggest/ask-groups.ts';
import { makeSuggestion, type Suggested } from '../../suggest/make-suggestion.ts';
import { suggestJson } from '../../suggest/suggest-json.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';
import { type Known, SINCE_OPTION, scanLog, windowOf } from './scan-log.ts';

export const SUGGEST_VERB: Verb = {
  name: 'suggest',
  group: 'policy',
  help: 'the narrowest allowlist that lets pass what passed, as enforce.yaml',
  details: [
    'Reads the log and prints an enforce.yaml with an entry for each host that was let pass: its ports, agents, methods and path prefixes, and above it how often, when, and an example. What was refused is left out and counted. Where names of one service are many, an entry for the name above them stands for all; never for a public suffix.',
    'It changes nothing. Read it, put it in force, and hold the log against it before: leashctl replay.',
  ],
  options: [
    SINCE_OPTION,
    { name: '--agent', value: 'NAME', help: 'what this agent asked for; absent: all agents' },
  ],
  exits: {
    nothing: 'nothing passed in this time',
    invalid: 'a file of the policy in force is invalid',
    unreachable: 'there is no log',
  },
  examples: [
    { command: 'leashctl suggest --since 7d > enforce.yaml', what: 'what a week of audit needs' },
    { command: 'leashctl suggest --agent builder', what: 'what one agent needs' },
  ],
  run: runSuggest,
};

async function runSuggest(call: Call): Promise<number> {
  const { io, json } = call;
  const agent = optionValue(call, '--agent') ?? '';
  if (agent !== '' && typeof parseAgentName(agent) !== 'string') {
    io.err(
      `leashctl: suggest --agent takes the name of an agent, got ${plainText(JSON.stringify(agent))}`,
    );
    return EXIT.usage;
  }
  const nowMs = Date.now();
  const known = await windowOf(call, { verb: 'suggest', nowMs });
  if ('exit' in known) return known.exit;
  const { sinceS, present } = known;
  const purpose = { kind: 'suggest', agent } as const;
  const scanned = await scanLog(call, { purpose, present: present.source, sinceS, nowMs });
  if ('exit' in scanned) return scanned.exit;
  const { read } = scanned;
  const suggested = makeSuggestion({
    read,
    found: read.found as GroupsFound,
    present: present.source,
    overlay: overlayOf(present),
    command: commandOf(call),
    nowMs,
  });
  if (json) io.out(visibleJson(suggestJson(suggested, read)));
  else {
    await io.write(suggested.text);
    for (const line of messages(suggested)) io.err(`leashctl: ${line}`);
  }
  return suggested.shown.length === 0 ? EXIT.nothing : EXIT.ok;
}

/** What a person should know who sends the text into a file, unread. */
function messages({ shown, leftOut, notes }: Suggested): string[] {
  const listed = shown.filter(({ blockRule }) => blockRule !== '');
  const wide = shown.filter(({ entry }) => entry.notes.length > 0).length;
  const refused = leftOut.reduce((sum, { count }) => sum + count, 0);
  return [
    `${plainCount(shown.length)} entries`,
    ...(wide > 0
      ? [`${plainCount(wide)} of them are wider than what was asked for: see "wide"`]
      : []),
    ...(listed.length > 0
      ? [`${plainCount(listed.length)} of them are for hosts in the blocklist: see the top`]
      : []),
    ...(refused > 0 ? [`${plainCount(refused)} requests are left out: see the top`] : []),
    ...notes,
  ];
}

function overlayOf({ texts }: Known) {
  const rules = parseRules('enforce.local.yaml', texts['enforce.local.yaml'] ?? '');
  return isProblems(rules) ? [] : rules;
}

function commandOf(call: Call): string {
  const words = (['--since', '--agent'] as const).flatMap((name) => {
    const value = optionValue(call, name);
    return value === undefined ? [] : [name, plainText(value)];
  });
  return ['leashctl suggest', ...words].join(' ');
}
