// Does leash run, with the settings and the policy that the operator means? Pure.

import type { Status } from '../../../shared/status.ts';
import { count, type Finding, fail, ok, unknown, warn } from './finding.ts';

export type RunningFacts = {
  readonly status: Status | null;
  readonly alive: boolean;
  /** Why leash is not ready. */
  readonly problems: readonly string[];
  readonly stateDir: string;
  readonly settings: {
    readonly problem: string | null;
    readonly file: string | null;
    /** This user may not read the file. */
    readonly isDenied: boolean;
    /** When the file was changed last, in milliseconds since 1970; null: there is none. */
    readonly changedMs: number | null;
  };
};

/** leash runs, and is ready to serve. */
export function checkRunning({ status, alive, problems, stateDir }: RunningFacts): Finding {
  if (status === null || !alive) {
    return fail(
      'running',
      `leash does not run: ${problems[0] ?? 'unknown'}`,
      `start it; or LEASH_STATE_DIR (${stateDir}) is not that of the leash that is meant`,
    );
  }
  if (problems.length > 0) {
    return fail('running', `leash is not ready: ${problems[0]}`, 'leashctl status has the details');
  }
  return ok('running', `leash is ready, ${count(status.workers.length, 'worker')} listening`);
}

/** Its settings can be read, and are those that it was started with. */
export function checkSettings({ settings, status, alive }: RunningFacts): Finding {
  const { problem, file, isDenied, changedMs } = settings;
  if (problem !== null && isDenied) return unknown('settings', problem, 'run it as root');
  if (problem !== null) {
    return fail('settings', problem, 'correct it and restart leash: it does not start with it');
  }
  if (file !== null && changedMs !== null && status !== null && alive) {
    if (changedMs > status.startedAt) {
      return warn(
        'settings',
        `${file} was changed after leash was started`,
        'restart leash, so that what it says is in force',
      );
    }
  }
  return ok('settings', file === null ? 'from the environment' : `from ${file}`);
}

/** The files of the policy are in force as they are. */
export function checkPolicy({ status, alive }: RunningFacts): Finding {
  if (status === null || !alive) {
    return unknown('policy', 'none is in force while leash does not run', 'start it');
  }
  const [first] = status.problems;
  if (first !== undefined) {
    const more = status.problems.length > 1 ? `, and ${status.problems.length - 1} more` : '';
    return fail(
      'policy',
      `${first.file}:${first.line}:${first.column}: ${first.message}${more}`,
      'correct the file: what was in force before stays until then',
    );
  }
  if (status.policy === null) {
    return fail('policy', 'no policy is loaded: nothing passes', 'write the files of the policy');
  }
  const { mode, version } = status.policy;
  const behind = status.workers.filter((worker) => worker.policy !== version);
  if (behind.length > 0) {
    return fail(
      'policy',
      `${count(behind.length, 'worker')} still decide by an older policy than version ${version}`,
      'wait a second and ask again; if it stays, restart leash',
    );
  }
  return ok('policy', `version ${version} is in force at all workers, mode ${mode}`);
}
