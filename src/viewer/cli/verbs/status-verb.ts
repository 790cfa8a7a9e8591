// `leashctl status`: what leash says of itself in its status file. Asks no process.

import type { Status } from '../../../shared/status.ts';
import { visibleJson, visibleText } from '../../../shared/visible-text.ts';
import { readStatus } from '../../status.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';

export const STATUS_VERB: Verb = {
  name: 'status',
  group: 'leash',
  help: 'what leash is doing: mode, policy, workers, record',
  exits: { failure: 'leash runs, and is not ready', unreachable: 'leash does not run' },
  examples: [
    { command: 'leashctl status --json | jq .problems', what: 'what keeps it from ready' },
  ],
  run: runStatus,
};

async function runStatus({ config, json, io }: Call): Promise<number> {
  const { status, alive, problems } = await readStatus(config.stateDir);
  if (json) io.out(visibleJson({ ready: problems.length === 0, problems, status }));
  else if (status !== null && alive) io.out(statusTable(status, problems));
  if (status === null || !alive) {
    io.err(`leash is not reachable: ${problems[0]} (LEASH_STATE_DIR is ${config.stateDir})`);
    return EXIT.unreachable;
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failure;
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
  return rows.map(([name, value]) => `${name.padEnd(12)} ${visibleText(value)}`).join('\n');
}

function endpoint({ host, port }: { host: string; port: number }): string {
  if (host === '') return `*:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
