// `leashctl mode`: prints the mode that is in force, or writes another one and waits for the workers.

import { visibleJson } from '../../../shared/visible-text.ts';
import { changeMode } from '../../policy/policy-write.ts';
import { readStatus } from '../../status.ts';
import { actorName } from '../actor.ts';
import { tellTrial, WINDOW_S, withChanges } from '../policy/edit-policy.ts';
import { CHANGE_EXITS } from '../policy/rule-rows.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';

export const MODE_VERB: Verb = {
  name: 'mode',
  group: 'policy',
  help: 'print the mode, or set it and wait until all workers have it',
  positionals: [
    {
      name: 'MODE',
      words: ['enforce', 'audit', 'blocklist'],
      help: 'the mode to set; absent: print the one in force',
      isOptional: true,
    },
  ],
  options: [
    { name: '--dry-run', help: 'change nothing: what it would have done to the requests of a day' },
  ],
  exits: { ...CHANGE_EXITS, unreachable: 'no mode is in force: leash does not run' },
  examples: [
    { command: 'leashctl mode enforce --dry-run', what: 'what would be blocked' },
    { command: 'leashctl mode audit', what: 'let everything pass, and mark what would be blocked' },
  ],
  run: runMode,
};

async function runMode(call: Call): Promise<number> {
  const { config, json, io, args, options } = call;
  const [argument = ''] = args;
  if (argument === '') {
    const { status, alive } = await readStatus(config.stateDir);
    const mode = (alive ? status?.policy?.mode : undefined) ?? '';
    if (mode === '') {
      io.err(`leash is not reachable, or has no policy (LEASH_STATE_DIR is ${config.stateDir})`);
      return EXIT.unreachable;
    }
    io.out(json ? visibleJson({ mode }) : mode);
    return EXIT.ok;
  }
  if (options.has('--dry-run')) {
    return withChanges(call, async (changes) =>
      tellTrial(call, await changes.tryMode(argument, WINDOW_S)),
    );
  }
  const written = await changeMode({ ...config, actor: actorName(io.env) }, argument);
  if (!written.ok) {
    io.err(`leashctl: ${written.problem}`);
    if (written.denied === true) return EXIT.denied;
    return written.unable === true ? EXIT.failure : EXIT.usage;
  }
  if (json) io.out(visibleJson({ mode: argument, ...written }));
  else if (!written.changed) io.out(`mode is ${argument} already`);
  else if (written.in_force) {
    io.out(`mode ${argument} is in force, policy version ${written.version}`);
  } else io.out(`mode ${argument} is in the file`);
  if (written.in_force) return EXIT.ok;
  const where = written.pending.length > 0 ? ` at worker ${written.pending.join(', ')}` : '';
  io.err(`leashctl: not in force${where}; see leashctl status`);
  return EXIT.failure;
}
