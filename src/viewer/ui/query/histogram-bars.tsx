// The picture of the histogram: bars of SVG, each class with a colour and a pattern of its own.

import type { HistogramBucket } from '../../search/histogram.ts';
import type { RowClass } from '../../store/row.ts';
import { stackOf, totalOf } from './histogram-scale.ts';

const HEIGHT = 56;

type HistogramBarsProps = {
  readonly buckets: readonly HistogramBucket[];
  readonly width: number;
  /** The first and the last bucket of the range that is being chosen. */
  readonly chosen: readonly [number, number] | null;
  readonly hovered: number | null;
};

export function HistogramBars({ buckets, width, chosen, hovered }: HistogramBarsProps) {
  const most = Math.max(1, ...buckets.map(totalOf));
  const step = width / Math.max(1, buckets.length);
  return (
    <svg width={width} height={HEIGHT} aria-hidden="true">
      <Patterns />
      {hovered !== null && chosen === null && (
        <rect class="hovered" x={hovered * step} width={step} height={HEIGHT} />
      )}
      {chosen !== null && (
        <rect
          class="chosen"
          x={chosen[0] * step}
          width={(chosen[1] - chosen[0] + 1) * step}
          height={HEIGHT}
        />
      )}
      {buckets.map((bucket, index) =>
        stackOf(bucket, most, HEIGHT - 2).map(({ name, y, height }) => (
          <rect
            x={index * step + 0.5}
            y={y + 2}
            width={Math.max(1, step - 1)}
            height={height}
            fill={fillOf(name)}
          />
        )),
      )}
    </svg>
  );
}

/** The same look in the legend. */
export function fillOf(name: RowClass): string {
  return `url(#fill-${name})`;
}

/** Lines over the ground: what tells the classes apart without colours. */
const LINES: Readonly<Record<RowClass, string>> = {
  allowed: '',
  uninspected: 'M0 2h1M3 2h1',
  running: 'M2 0v6',
  event: 'M0 3h6M3 0v6',
  would_block: 'M0 6L6 0',
  error: 'M0 1.5h6M0 4.5h6',
  blocked: '',
  damaged: 'M0 6L6 0M0 0L6 6',
};

function Patterns() {
  return (
    <defs>
      {(Object.keys(LINES) as RowClass[]).map((name) => (
        <pattern
          id={`fill-${name}`}
          class={`fill fill-${name}`}
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
        >
          <rect width="6" height="6" />
          <path d={LINES[name]} />
        </pattern>
      ))}
    </defs>
  );
}
