// `leashctl doctor`: is this machine, and leash on it, as it should be? Each check has one line, and what
// would mend it. It changes nothing.

import { formatJson } from '../../../shared/audit-line.ts';
import { visibleText } from '../../../shared/visible-text.ts';
import { examine } from '../doctor/checks.ts';
import type { Finding, Outcome } from '../doctor/finding.ts';
import { gatherFacts } from '../doctor/gather-facts.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';
import { AGENT_OPTIONS, runAgentDoctor } from '../trust/agent-doctor.ts';

export const DOCTOR_VERB: Verb = {
  name: 'doctor',
  group: 'setup',
  help: 'check this machine and leash on it, with what would mend each finding',
  details: [
    'Each check says ok, warn, FAIL or ? (it could not be found out: most often root is needed). It reads files and /proc, changes nothing, and needs no leash that runs.',
  ],
  options: AGENT_OPTIONS,
  exits: { failure: 'a check failed; what is to be looked at only (warn) is no failure' },
  examples: [
    {
      command: 'leashctl doctor --json | jq \'.checks[] | select(.outcome == "fail")\'',
      what: 'what failed, for a program',
    },
  ],
  needsNoSettings: true,
  run: runDoctor,
};

const MARKS: Readonly<Record<Outcome, string>> = {
  ok: 'ok',
  warn: 'warn',
  fail: 'FAIL',
  unknown: '?',
};

async function runDoctor(call: Call): Promise<number> {
  const { config, settings, options, json, io } = call;
  if (options.has('--agent')) return runAgentDoctor(call);
  if (optionValue(call, '--direct') !== undefined) {
    io.err('leashctl: doctor takes --direct with --agent only');
    return EXIT.usage;
  }
  const findings = examine(await gatherFacts(config, settings));
  const hasFailed = findings.some(({ outcome }) => outcome === 'fail');
  if (json) io.out(formatJson({ ok: !hasFailed, checks: findings }));
  else {
    const width = Math.max(...findings.map(({ check }) => check.length));
    for (const finding of findings) io.out(findingText(finding, width));
  }
  return hasFailed ? EXIT.failure : EXIT.ok;
}

function findingText({ check, outcome, what, fix }: Finding, width: number): string {
  const line = `${MARKS[outcome].padEnd(4)}  ${check.padEnd(width)}  ${visibleText(what)}`;
  return fix === '' ? line : `${line}\n${' '.repeat(width + 8)}fix: ${visibleText(fix)}`;
}
