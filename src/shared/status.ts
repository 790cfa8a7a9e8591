// The status file `run/status.json`: what the primary says about itself to viewer and command line.
// It holds nothing secret. Pure: whoever calls reads the file and says whether the process lives.

/** A mistake in a policy file; what was in force before stays, and where nothing was, nothing passes. */
export type PolicyProblem = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

export type WorkerStatus = {
  readonly number: number;
  readonly pid: number;
  readonly listening: boolean;
  /** Version of the policy this worker has in force; 0 = none yet. */
  readonly policy: number;
  /** Tunnels and exchanges under way; absent: written by an older leash. */
  readonly flows?: number;
};

/** A place of the record that is not what was written there. */
export type LogDamage = {
  readonly file: string;
  /** Number of the record that should stand there, and where in the plain segment that is. */
  readonly seq: number;
  readonly offset: number;
};

/** What a walk over all segments found. */
export type LogCheck = {
  readonly state: 'running' | 'done';
  /** So many were walked. */
  readonly segments: number;
  readonly damage: readonly LogDamage[];
  /** When it was done, in milliseconds since 1970. */
  readonly at?: number;
};

/** Sums over the records of this start. */
export type StatusTotals = {
  /** Both ways, of tunnels that were relayed unseen. */
  readonly uninspectedBytes: number;
  /** Seconds in which nothing was let pass, because it could not be recorded. */
  readonly suspendedS: number;
  /** Requests that were refused without a record of their own. */
  readonly refused: number;
};

export type Listener = { readonly host: string; readonly port: number };

export type Status = {
  readonly bootId: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly state: 'starting' | 'running' | 'draining' | 'stopped';
  readonly policy: {
    readonly version: number;
    readonly mode: string;
    /** File name → SHA-256 of what is in force. */
    readonly files: Readonly<Record<string, string>>;
  } | null;
  readonly problems: readonly PolicyProblem[];
  readonly workers: readonly WorkerStatus[];
  readonly log: {
    readonly healthy: boolean;
    readonly problem: string;
    readonly segment: number;
    readonly seq: number;
    readonly check: LogCheck;
  };
  /** Records of this start by event. */
  readonly records: Readonly<Record<string, number>>;
  /** Absent: written by an older leash. */
  readonly totals?: StatusTotals;
  readonly listeners: { readonly proxy: Listener; readonly viewer: Listener | null };
};

/** Text of the status file → `Status`, or a problem where it is not one. Never throws. */
export function parseStatus(text: string): Status | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'Cannot parse status file: it is not JSON' };
  }
  const missing = firstMissing(value);
  return missing === null
    ? (value as Status)
    : { problem: `Cannot parse status file: "${missing}" is missing or of the wrong type` };
}

/** Why leash is not ready to serve, in words; an empty list means ready. */
export function readinessProblems(status: Status, primaryAlive: boolean): string[] {
  if (status.state === 'stopped') return ['leash was stopped'];
  const problems: string[] = [];
  if (!primaryAlive) problems.push('the primary process of this boot is gone');
  if (status.state !== 'running') problems.push(`leash is ${status.state}`);
  if (status.policy === null) problems.push('no policy is loaded: everything is denied');
  if (!status.log.healthy) {
    problems.push(`the record cannot be written: ${status.log.problem || 'unknown reason'}`);
  }
  if (status.workers.length === 0) problems.push('no worker is running');
  for (const worker of status.workers) {
    if (!worker.listening) problems.push(`worker ${worker.number} is not listening`);
  }
  return problems;
}

type Shape = { readonly [name: string]: 'string' | 'number' | 'boolean' };

function firstMissing(value: unknown): string | null {
  if (!isObject(value)) return 'the whole object';
  const top = firstWrong(value, {
    bootId: 'string',
    pid: 'number',
    startedAt: 'number',
    state: 'string',
  });
  if (top !== null) return top;
  if (value.policy !== null) {
    if (!isObject(value.policy)) return 'policy';
    const wrong = firstWrong(value.policy, { version: 'number', mode: 'string' });
    if (wrong !== null) return `policy.${wrong}`;
    if (!isObject(value.policy.files)) return 'policy.files';
  }
  if (!isObject(value.log)) return 'log';
  const log = firstWrong(value.log, {
    healthy: 'boolean',
    problem: 'string',
    segment: 'number',
    seq: 'number',
  });
  if (log !== null) return `log.${log}`;
  if (!isCheck(value.log.check)) return 'log.check';
  if (!isObject(value.records)) return 'records';
  if (value.totals !== undefined) {
    if (!isObject(value.totals)) return 'totals';
    const wrong = firstWrong(value.totals, TOTALS_SHAPE);
    if (wrong !== null) return `totals.${wrong}`;
  }
  if (!isListOf(value.problems, PROBLEM_SHAPE)) return 'problems';
  if (!isListOf(value.workers, WORKER_SHAPE)) return 'workers';
  if (!isObject(value.listeners) || !isListener(value.listeners.proxy)) return 'listeners.proxy';
  const viewer = value.listeners.viewer;
  return viewer === null || isListener(viewer) ? null : 'listeners.viewer';
}

const PROBLEM_SHAPE: Shape = {
  file: 'string',
  line: 'number',
  column: 'number',
  message: 'string',
};
const WORKER_SHAPE: Shape = {
  number: 'number',
  pid: 'number',
  listening: 'boolean',
  policy: 'number',
};

const TOTALS_SHAPE: Shape = {
  uninspectedBytes: 'number',
  suspendedS: 'number',
  refused: 'number',
};

const DAMAGE_SHAPE: Shape = { file: 'string', seq: 'number', offset: 'number' };

function firstWrong(value: Record<string, unknown>, shape: Shape): string | null {
  for (const [name, type] of Object.entries(shape)) {
    if (typeof value[name] !== type) return name;
  }
  return null;
}

function isListOf(value: unknown, shape: Shape): boolean {
  return (
    Array.isArray(value) &&
    value.every((item) => isObject(item) && firstWrong(item, shape) === null)
  );
}

function isListener(value: unknown): boolean {
  return isObject(value) && firstWrong(value, { host: 'string', port: 'number' }) === null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCheck(value: unknown): boolean {
  if (!isObject(value) || (value.state !== 'running' && value.state !== 'done')) return false;
  return typeof value.segments === 'number' && isListOf(value.damage, DAMAGE_SHAPE);
}
