// How long it took, as a bar: waiting for the first byte, and the transfer.

import type { Flow } from '../../../store/flow.ts';
import { formatDuration } from '../../kit/format.ts';
import { timingOf } from './timing.ts';

export function TimingBar({ flow }: { flow: Flow }) {
  const timing = timingOf(flow);
  if (timing === null || flow.row.class === 'event') return null;
  const wait = formatDuration(timing.waitMs);
  const transfer = formatDuration(timing.transferMs);
  return (
    <div class="timing">
      <div class="timing-bar" aria-hidden="true">
        <span class="wait" style={{ width: `${timing.waitShare}%` }} />
        <span class="transfer" style={{ width: `${100 - timing.waitShare}%` }} />
      </div>
      <span class="timing-text">
        <i class="key wait" aria-hidden="true" />
        first byte after {wait} <i class="key transfer" aria-hidden="true" />
        transfer {transfer} · {formatDuration(timing.totalMs)} in all
      </span>
    </div>
  );
}
