// `leashctl replay`: the log held against another policy: what would be blocked that passes now, and the
// other way round, by agent, before anything is switched. It changes nothing.

import type { Mode } from '../../../shared/policy-source.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import { plainText } from '../../replay/plain-text.ts';
import { fileOf, givenPolicy } from '../../replay/policies.ts';
import type { Flips } from '../../replay/replay-count.ts';
import { replayJson, replayText, totalsOf } from '../../replay/replay-text.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';
import { SINCE_OPTION, scanLog, visibleLines, windowOf } from './scan-log.ts';

const MODES: readonly Mode[] = ['enforce', 'audit', 'blocklist'];

export const REPLAY_VERB: Verb = {
  name: 'replay',
  group: 'policy',
  help: 'what would flip in the log under another policy, before you switch',
  details: [
    'Each request and tunnel of the log is judged as if it came now: by the policy in force, in its mode, and by the one that is given, in enforce mode or the one of --mode. What was refused then and passes now only because the mode lets everything pass counts as refused.',
    'A file takes the place of its namesake in the policy folder, one of another name that of enforce.yaml; the other files stay. A folder is a whole policy. Entries that have expired are absent. Where there is no policy folder, the record says what passes.',
  ],
  options: [
    {
      name: '--policy',
      value: 'FILE|FOLDER',
      help: 'the policy to be tried: a file, or a folder of them; absent: that of now',
      complete: 'file',
    },
    SINCE_OPTION,
    { name: '--mode', value: 'MODE', words: MODES, help: 'the mode to be tried; absent: enforce' },
  ],
  exits: {
    ok: 'nothing would be newly blocked',
    failure: 'something would be newly blocked, or it failed',
    nothing: 'there is nothing in the log of this time',
    invalid: 'a file of one of the policies is invalid',
    unreachable: 'there is no log',
  },
  examples: [
    { command: 'leashctl replay --policy enforce.yaml --since 7d', what: 'a list before its use' },
    { command: 'leashctl replay --mode enforce', what: 'the lists of now, before the switch' },
  ],
  run: runReplay,
};

async function runReplay(call: Call): Promise<number> {
  const { config, io, json } = call;
  const path = optionValue(call, '--policy') ?? config.policyDir;
  const modeText = optionValue(call, '--mode');
  const mode = MODES.find((known) => known === modeText) ?? 'enforce';
  const nowMs = Date.now();
  const known = await windowOf(call, { verb: 'replay', nowMs });
  if ('exit' in known) return known.exit;
  const { sinceS, present } = known;
  const given = await givenPolicy(path, present.texts);
  if ('problem' in given || given.source === null) {
    const problem = 'problem' in given ? given.problem : 'there is no policy file';
    io.err(`leashctl: ${plainText(path)}: ${visibleLines(problem)}`);
    return EXIT.invalid;
  }
  const purpose = { kind: 'replay', after: { ...given.source, mode } } as const;
  const scanned = await scanLog(call, { purpose, present: present.source, sinceS, nowMs });
  if ('exit' in scanned) return scanned.exit;
  const { read } = scanned;
  const flips = read.found as Flips;
  const file = given.isFolder ? '' : `, in the place of ${fileOf(path)}`;
  const facts = {
    read,
    flips,
    before:
      present.source === null
        ? `what the record says: there is no policy in ${config.policyDir}`
        : `${config.policyDir} in ${present.source.mode} mode`,
    after: `${path} in ${mode} mode${file}`,
  };
  io.out(json ? visibleJson(replayJson(facts)) : replayText(facts));
  if (totalsOf(flips).newly_blocked > 0) return EXIT.failure;
  return flips.judged === 0 ? EXIT.nothing : EXIT.ok;
}
