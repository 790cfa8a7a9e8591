// What `leashctl ca` asks the primary for, and what the primary says of a rotation: two small JSON files of
// the state folder, and lengths of time as people write them. Pure.

/** In `private/`: only who may read the CA key may ask. The primary removes it when it is done. */
export const CA_REQUEST_FILE = 'ca-request.json';
/** Beside `ca.pem`; public, as it holds nothing but times. */
export const CA_ROTATION_FILE = 'ca-rotation.json';

/** Longest time between two steps: a CA lives ten years. */
export const MAX_AFTER_MS = 365 * 86_400_000;

export type CaRequest = {
  /** So that whoever asked finds its answer. */
  readonly id: string;
  /** `rotate`: a new CA signs after `afterMs`. `finish`: it does now, and the old one goes. */
  readonly action: 'rotate' | 'finish';
  readonly afterMs: number;
  readonly actor: string;
};

const STATES = ['none', 'prepared', 'switched'] as const;

/** Times are milliseconds since 1970; 0: that step is not planned. */
export type CaRotation = {
  /** `prepared`: the new CA waits. `switched`: it signs, and the old one is trusted still. */
  readonly state: (typeof STATES)[number];
  readonly switchAtMs: number;
  readonly retireAtMs: number;
  /** The request that was answered last, and why it could not be done; '' = it was. */
  readonly request: string;
  readonly problem: string;
};

export const NO_ROTATION: CaRotation = {
  state: 'none',
  switchAtMs: 0,
  retireAtMs: 0,
  request: '',
  problem: '',
};

/** Text of the request file → the request, or null. */
export function readCaRequest(text: string): CaRequest | null {
  const { id, action, afterMs, actor } = readObject(text);
  if (typeof id !== 'string' || !/^[0-9a-f]{1,64}$/.test(id)) return null;
  if (action !== 'rotate' && action !== 'finish') return null;
  if (typeof afterMs !== 'number' || !(afterMs >= 0 && afterMs <= MAX_AFTER_MS)) return null;
  if (typeof actor !== 'string' || actor.length > 200) return null;
  return { id, action, afterMs, actor };
}

/** Text of the rotation file → what it says; a damaged one plans nothing. */
export function readCaRotation(text: string): CaRotation {
  const { state, switchAtMs, retireAtMs, request, problem } = readObject(text);
  const time = (value: unknown) => (typeof value === 'number' && value > 0 ? value : 0);
  const words = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    state: STATES.find((known) => known === state) ?? 'none',
    switchAtMs: time(switchAtMs),
    retireAtMs: time(retireAtMs),
    request: words(request),
    problem: words(problem),
  };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `14d`, `12h`, `30m`, `0s` → milliseconds, or null. */
export function readAfter(text: string): number | null {
  const [, count = '', unit = ''] = /^([0-9]{1,9})([smhdw])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS_MS[unit] ?? Number.NaN);
  return count !== '' && ms <= MAX_AFTER_MS ? ms : null;
}

function readObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
