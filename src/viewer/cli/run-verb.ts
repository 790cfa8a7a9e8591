// The verbs of `leashctl`, each one row of a table. Reads files of the machine it runs on; asks no
// network and touches no process. Results go to `out`, messages to `err`.

import { parseConfig } from '../../shared/config.ts';
import type { Status } from '../../shared/status.ts';
import { readStatus } from '../status.ts';
import { readToken, tokenPath } from '../token.ts';

type Io = {
  readonly env: NodeJS.ProcessEnv;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
};
type Settings = Exclude<ReturnType<typeof parseConfig>, { problem: string }>;
type Call = { readonly config: Settings; readonly json: boolean; readonly io: Io };
type Verb = {
  readonly name: string;
  readonly help: string;
  readonly run: (call: Call) => Promise<number>;
};

/** Exit codes: those of sysexits.h where it has one. */
const EXIT = { ok: 0, failure: 1, usage: 2, unreachable: 69, denied: 77 } as const;

const VERBS: readonly Verb[] = [
  { name: 'status', help: 'what leash is doing: mode, policy, workers, record', run: runStatus },
  { name: 'token', help: 'print the token of the viewer', run: runToken },
];

/** Arguments after the program's name → exit code. */
export async function runVerb(args: readonly string[], io: Io): Promise<number> {
  const json = args.includes('--json');
  const [name = 'help', ...extra] = args.filter((arg) => arg !== '--json');
  if (['help', '--help', '-h'].includes(name)) {
    io.out(usage());
    return EXIT.ok;
  }
  const verb = VERBS.find((candidate) => candidate.name === name);
  if (verb === undefined) {
    const names = [...VERBS.map((known) => known.name), 'help'].join(', ');
    io.err(`leashctl: unknown verb ${JSON.stringify(name)}, allowed: ${names}`);
    return EXIT.usage;
  }
  if (extra.length > 0) {
    io.err(`leashctl: ${name} takes no argument, got ${JSON.stringify(extra[0])}`);
    return EXIT.usage;
  }
  const config = parseConfig(io.env, { workers: 1 });
  if ('problem' in config) {
    io.err(config.problem);
    return EXIT.usage;
  }
  try {
    return await verb.run({ config, json, io });
  } catch (error) {
    io.err(error instanceof Error ? error.message : String(error));
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
  const verbs = [...VERBS, { name: 'help', help: 'this text' }];
  return [
    'usage: leashctl <verb> [--json]',
    '',
    ...verbs.map(({ name, help }) => `  ${name.padEnd(10)} ${help}`),
  ].join('\n');
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
