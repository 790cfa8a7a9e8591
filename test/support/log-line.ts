// Lines of a log for tests that need no writer: stamp and members as leash puts them on disk.

import type { EventName } from '../../src/shared/audit-event.ts';
import { formatMembers, formatStamp, GENESIS } from '../../src/shared/audit-line.ts';

export type LineFields = Readonly<Record<string, unknown>> & {
  readonly event: EventName;
  readonly seq?: number;
  readonly ts?: number;
  readonly id?: string;
};

/** Fields → one line without its newline. Its `prev` is not a real hash. */
export function logLine({ seq = 1, ts = 1_700_000_000, event, id = '1-1-1', ...rest }: LineFields) {
  const members = formatMembers(rest);
  const stamp = formatStamp({ seq, prev: GENESIS, tsSeconds: ts, event, id });
  return `${stamp}${members === '' ? '' : ','}${members}}`;
}
