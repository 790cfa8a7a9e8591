// What `leashctl ca show` says of each CA: what it is for, since when and until when. Pure.

import type { CaRotation } from '../../../shared/trust/ca-rotation.ts';
import type { TrustedCa } from '../../../shared/trust/trusted-ca.ts';

export type CaRow = {
  /** `signs`: leaves come from it. `next`: they will. `old`: they did. */
  readonly role: 'signs' | 'next' | 'old';
  readonly sha256: string;
  readonly not_before: string;
  readonly not_after: string;
  /** When the role ends, where that is planned. */
  readonly until?: string;
};

/** The order of the file says who signs; while the switch is still to come, the second one is next. */
export function caRows(cas: readonly TrustedCa[], plan: CaRotation): CaRow[] {
  return cas.map(({ sha256, notBeforeMs, notAfterMs }, at) => {
    const role = at === 0 ? 'signs' : at === 1 && plan.state === 'prepared' ? 'next' : 'old';
    const untilMs = role === 'next' ? plan.switchAtMs : role === 'old' ? plan.retireAtMs : 0;
    return {
      role,
      sha256,
      not_before: iso(notBeforeMs),
      not_after: iso(notAfterMs),
      ...(untilMs > 0 ? { until: iso(untilMs) } : {}),
    };
  });
}

/** For people. */
export function caText(path: string, rows: readonly CaRow[]): string {
  const line = (name: string, value: string) => `${name.padEnd(10)} ${value}`;
  return [
    line('path', path),
    ...rows.flatMap((row) => [
      '',
      line('CA', words(row)),
      line('SHA-256', row.sha256),
      line('valid', `${row.not_before.slice(0, 10)} to ${row.not_after.slice(0, 10)}`),
    ]),
  ].join('\n');
}

function words({ role, until }: CaRow): string {
  switch (role) {
    case 'signs':
      return 'signs now';
    case 'next':
      return `will sign ${until === undefined ? 'when leashctl ca rotate gives a date' : `from ${until}`}`;
    case 'old':
      return `signed before; handed out until ${until ?? 'leashctl ca rotate --finish'}`;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
