// What the histogram says, in words: its legend, and a table for those who cannot see it.

import type { Histogram, HistogramBucket } from '../../search/histogram.ts';
import { CLASS_LABELS } from '../kit/explain.ts';
import { fillOf } from './histogram-bars.tsx';
import { countsText, STACK, spanText, totalOf } from './histogram-scale.ts';

export function HistogramLegend({ buckets }: { buckets: readonly HistogramBucket[] }) {
  const present = STACK.filter((name) => buckets.some(({ counts }) => (counts[name] ?? 0) > 0));
  return (
    <ul class="legend" aria-label="Legend">
      {present.map((name) => (
        <li key={name}>
          <svg width="12" height="12" aria-hidden="true">
            <rect width="12" height="12" rx="2" fill={fillOf(name)} />
          </svg>
          {CLASS_LABELS[name]}
        </li>
      ))}
    </ul>
  );
}

/** Buckets without a record are left out. */
export function HistogramTable({ data }: { data: Histogram }) {
  const now = new Date();
  const rows = data.buckets.filter((bucket) => totalOf(bucket) > 0);
  return (
    // A table is never narrower than its cells: what hides it has to be around it.
    <div class="visually-hidden">
      <table>
        <caption>Records by time</caption>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Records</th>
        </tr>
        {rows.map((bucket) => (
          <tr key={bucket.ts}>
            <th scope="row">{spanText(bucket.ts, bucket.ts + data.bucket_s, now)}</th>
            <td>{countsText([bucket])}</td>
          </tr>
        ))}
      </table>
    </div>
  );
}
