// Sums over the records of this start that an operator asks for: what went by unseen, and for how long
// nothing was let pass. Reads records of two rare kinds only, as they are written. No I/O.

import type { EventName } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import type { StatusTotals } from '../../shared/status.ts';

export class RecordTotals {
  #uninspectedBytes = 0;
  #suspendedS = 0;
  #refused = 0;

  /** `members`: what stands between the braces. */
  add(event: EventName, members: Buffer | string): void {
    if (event !== 'uninspected' && event !== 'audit_suspended') return;
    const fields: Record<string, unknown> = parseLine(`{${members}}`) ?? {};
    if (event === 'uninspected') {
      this.#uninspectedBytes += numeric(fields.bytes) + numeric(fields.req_bytes);
      return;
    }
    this.#refused += numeric(fields.refused);
    // What one client or one worker was refused is no time in which nobody was served.
    const isOfAll = fields.client === undefined && fields.worker === undefined;
    if (isOfAll) this.#suspendedS += Math.max(0, numeric(fields.to) - numeric(fields.from));
  }

  get(): StatusTotals {
    return {
      uninspectedBytes: this.#uninspectedBytes,
      suspendedS: this.#suspendedS,
      refused: this.#refused,
    };
  }
}

function numeric(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
