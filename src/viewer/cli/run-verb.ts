// The verbs of `leashctl`, each one row of a table. Reads files of the machine it runs on; asks no
// network and touches no process. Results go to `out`, messages to `err`.

import { userInfo } from 'node:os';
import { formatJson } from '../../shared/audit-line.ts';
import { parseConfig } from '../../shared/config.ts';
import type { Status } from '../../shared/status.ts';
import { readToken, tokenPath } from '../access/token.ts';
import { changeMode } from '../policy/policy-write.ts';
import { readStatus } from '../status.ts';
import { FINGERPRINT_VERB } from './fingerprint-verb.ts';
import { type Call, EXIT, hasCode, type Io, readWords, type Verb } from './verb.ts';
import { VERIFY_VERB } from './verify-verb.ts';

const VERBS: readonly Verb[] = [
  { name: 'status', help: 'what leash is doing: mode, policy, workers, record', run: runStatus },
  {
    name: 'mode',
    takes: '[enforce|audit|blocklist]',
    help: 'print the mode, or set it and wait until all workers have it',
    run: runMode,
  },
  { name: 'token', help: 'print the token of the viewer', run: runToken },
  VERIFY_VERB,
  FINGERPRINT_VERB,
];

/** Arguments after the program's name → exit code. */
export async function runVerb(args: readonly string[], io: Io): Promise<number> {
  const json = args.includes('--json');
  const [name = 'help', ...words] = args.filter((arg) => arg !== '--json');
  if (name === 'help' || args.includes('--help') || args.includes('-h')) {
    io.out(usage());
    return EXIT.ok;
  }
  const verb = VERBS.find((candidate) => candidate.name === name);
  if (verb === undefined) {
    const names = [...VERBS.map((known) => known.name), 'help'].join(', ');
    io.err(`leashctl: unknown verb ${JSON.stringify(name)}, allowed: ${names}`);
    return EXIT.usage;
  }
  const read = readWords(verb, words);
  if ('problem' in read) {
    io.err(`leashctl: ${read.problem}`);
    return EXIT.usage;
  }
  const config = parseConfig(io.env, { workers: 1 });
  if ('problem' in config) {
    io.err(config.problem);
    return EXIT.usage;
  }
  try {
    return await verb.run({ config, json, io, ...read });
  } catch (error) {
    // It may name a file, and a file may be named to be shown.
    io.err(formatJson(error instanceof Error ? error.message : String(error)).slice(1, -1));
    return hasCode(error, 'EACCES', 'EPERM') ? EXIT.denied : EXIT.failure;
  }
}

async function runStatus({ config, json, io }: Call): Promise<number> {
  const { status, alive, problems } = await readStatus(config.stateDir);
  if (json) io.out(JSON.stringify({ ready: problems.length === 0, problems, status }));
  else if (status !== null && alive) io.out(statusTable(status, problems));
  if (status === null || !alive) {
    io.err(`leash is not reachable: ${problems[0]} (LEASH_STATE_DIR is ${config.stateDir})`);
    return EXIT.unreachable;
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failure;
}

async function runMode({ config, json, io, argument }: Call): Promise<number> {
  if (argument === '') {
    const { status, alive } = await readStatus(config.stateDir);
    const mode = (alive ? status?.policy?.mode : undefined) ?? '';
    if (mode === '') {
      io.err(`leash is not reachable, or has no policy (LEASH_STATE_DIR is ${config.stateDir})`);
      return EXIT.unreachable;
    }
    io.out(json ? JSON.stringify({ mode }) : mode);
    return EXIT.ok;
  }
  const written = await changeMode({ ...config, actor: `leashctl ${userName()}` }, argument);
  if (!written.ok) {
    io.err(`leashctl: ${written.problem}`);
    if (written.denied === true) return EXIT.denied;
    return written.unable === true ? EXIT.failure : EXIT.usage;
  }
  if (json) io.out(JSON.stringify({ mode: argument, ...written }));
  else if (!written.changed) io.out(`mode is ${argument} already`);
  else if (written.in_force) {
    io.out(`mode ${argument} is in force, policy version ${written.version}`);
  } else io.out(`mode ${argument} is in the file`);
  if (written.in_force) return EXIT.ok;
  const where = written.pending.length > 0 ? ` at worker ${written.pending.join(', ')}` : '';
  io.err(`leashctl: not in force${where}; see leashctl status`);
  return EXIT.failure;
}

/** A user without a name (in a container) has a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

async function runToken({ config, json, io }: Call): Promise<number> {
  try {
    const token = await readToken(config);
    if (token !== null) {
      io.out(json ? JSON.stringify({ token }) : token);
      return EXIT.ok;
    }
    io.err(
      config.viewerToken === 'off'
        ? 'there is no token: LEASH_VIEWER_TOKEN is "off"'
        : `there is no token: ${tokenPath(config.stateDir)} is empty`,
    );
    return EXIT.failure;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    io.err(
      `there is no token: leash makes ${tokenPath(config.stateDir)} at its first start; LEASH_STATE_DIR says where leash keeps it`,
    );
    return EXIT.unreachable;
  }
}

function statusTable(status: Status, problems: readonly string[]): string {
  const { policy, log, listeners } = status;
  const listening = status.workers.filter((worker) => worker.listening).length;
  const rows: [string, string][] = [
    ['state', problems.length === 0 ? 'ready' : `${status.state}, not ready`],
    ['since', new Date(status.startedAt).toISOString()],
    ['mode', policy?.mode ?? 'none'],
    ['policy', policy === null ? 'none loaded: everything is denied' : `version ${policy.version}`],
    ['workers', `${listening} of ${status.workers.length} listening`],
    ['proxy', endpoint(listeners.proxy)],
    ['viewer', listeners.viewer === null ? 'off' : endpoint(listeners.viewer)],
    [
      'record',
      log.healthy ? `record ${log.seq} in segment ${log.segment}` : `NOT WRITABLE: ${log.problem}`,
    ],
    [
      'chain',
      log.check.state === 'running'
        ? `being checked since the start, ${log.check.segments} segments so far`
        : `${log.check.segments} segment${log.check.segments === 1 ? '' : 's'} checked at the start, ${log.check.damage.length === 0 ? 'no damage' : 'DAMAGE'}`,
    ],
    ...log.check.damage.map(({ file, seq, offset }): [string, string] => [
      'DAMAGED',
      `${file}, record ${seq}, byte ${offset}: run leashctl verify FOLDER (that of LOG_PATH)`,
    ]),
    ...problems.map((text): [string, string] => ['problem', text]),
    ...status.problems.map(({ file, line, column, message }): [string, string] => [
      'policy file',
      `${file}:${line}:${column}: ${message}`,
    ]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(12)} ${value}`).join('\n');
}

function endpoint({ host, port }: { host: string; port: number }): string {
  if (host === '') return `*:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function usage(): string {
  const verbs: Pick<Verb, 'name' | 'takes' | 'options' | 'help'>[] = [
    ...VERBS,
    { name: 'help', help: 'this text' },
  ];
  const row = (words: string, help: string) => `  ${words.padEnd(32)} ${help}`;
  return [
    'usage: leashctl <verb> [--json]',
    '',
    ...verbs.flatMap(({ name, takes = '', options = [], help }) => [
      row(`${name} ${takes}`, help),
      ...options.map((option) => row(`  ${option.name} ${option.value}`, option.help)),
    ]),
  ].join('\n');
}
