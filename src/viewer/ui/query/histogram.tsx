// The log by time, above the list: to see when something happened, and to choose a range of time by
// drag or by key. The numbers come from the index.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Histogram as HistogramData } from '../../search/histogram.ts';
import { page, paused } from '../kit/app-state.ts';
import { formatTime } from '../kit/format.ts';
import { editQuery } from './draft.ts';
import { rangeOf, setRange } from './edit-query.ts';
import { fetchHistogram } from './facets-client.ts';
import { HistogramBars } from './histogram-bars.tsx';
import { HistogramLegend, HistogramTable } from './histogram-legend.tsx';
import {
  bucketAt,
  bucketsFor,
  countsText,
  endsOf,
  type Range,
  spanText,
  stepTo,
  tickText,
  timesOf,
} from './histogram-scale.ts';
import { useRefreshed } from './use-refreshed.ts';

export function Histogram() {
  const { q } = page.value;
  const [width, setWidth] = useState(0);
  const [range, setChosen] = useState<Range | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const plot = useRef<HTMLDivElement>(null);
  const drag = useRef(false);
  const count = bucketsFor(width);
  const ask = (abort: AbortSignal) => fetchHistogram({ q, buckets: count }, abort);
  const key = width === 0 ? '' : `${count} ${q}`;
  const { answer: data, isCurrent } = useRefreshed(key, ask, range !== null || paused.value);
  useEffect(() => {
    if (plot.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(plot.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => setChosen(null), [q]);

  const buckets = data?.buckets ?? [];
  const isRanged = rangeOf(q, 0).since !== null || rangeOf(q, 0).until !== null;
  const at = range?.to ?? buckets.length - 1;
  const placeOf = (event: PointerEvent) => {
    const box = plot.current?.getBoundingClientRect();
    return bucketAt(event.clientX - (box?.left ?? 0), box?.width ?? 1, buckets.length);
  };
  const apply = (chosen: Range | null) => {
    const times = data === null || chosen === null ? null : timesOf(data, chosen);
    if (times !== null) editQuery((text) => setRange(text, times));
    setChosen(null);
  };
  const clear = () => {
    drag.current = false;
    if (range !== null) setChosen(null);
    else if (isRanged) editQuery((text) => setRange(text, { since: null, until: null }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || buckets.length === 0) return;
    const to = stepTo(event.key, at, buckets.length);
    if (to !== null) setChosen({ anchor: event.shiftKey ? (range?.anchor ?? at) : to, to });
    else if (event.key === 'Enter') apply(range);
    else if (event.key === 'Escape') clear();
    else return;
    // The same keys move the list.
    event.preventDefault();
    event.stopPropagation();
  };
  const shown = range ?? (hovered === null ? null : { anchor: hovered, to: hovered });

  return (
    <section class="histogram" aria-label="Records by time" aria-busy={!isCurrent}>
      <div class="histogram-head">
        <span class="readout">{data === null ? '' : readout(data, shown)}</span>
        {data?.complete === false && (
          <span class="warn-text">
            {data.searched_back_to === null
              ? 'not counted to the end yet'
              : `counted back to ${formatTime(data.searched_back_to, new Date())}`}
          </span>
        )}
        <HistogramLegend buckets={buckets} />
        {isRanged && (
          <button
            type="button"
            class="small"
            onClick={() => editQuery((text) => setRange(text, { since: null, until: null }))}
          >
            Whole time
          </button>
        )}
      </div>
      <div
        class="plot"
        ref={plot}
        role="slider"
        tabIndex={0}
        aria-label="Range of time: arrows move, Shift and arrows extend, Enter applies, Escape clears"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, buckets.length - 1)}
        aria-valuenow={Math.max(0, at)}
        aria-valuetext={
          data === null || buckets.length === 0
            ? 'nothing is counted yet'
            : readout(data, range ?? { anchor: at, to: at })
        }
        onKeyDown={onKeyDown}
        onBlur={() => !drag.current && setChosen(null)}
        onPointerDown={(event) => {
          if (event.button !== 0 || buckets.length === 0) return;
          const to = placeOf(event);
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = true;
          setChosen({ anchor: to, to });
        }}
        onPointerMove={(event) => {
          if (buckets.length === 0) return;
          const to = placeOf(event);
          setHovered(to);
          if (drag.current) setChosen({ anchor: range?.anchor ?? to, to });
        }}
        onPointerUp={() => {
          if (drag.current) apply(range);
          drag.current = false;
        }}
        onPointerCancel={clear}
        onPointerLeave={() => setHovered(null)}
      >
        <HistogramBars
          buckets={buckets}
          width={width}
          chosen={range === null ? null : endsOf(range)}
          hovered={hovered}
        />
      </div>
      <Ticks data={data} />
      {data !== null && <HistogramTable data={data} />}
    </section>
  );
}

/** Takes its place before there is anything to say: the list below does not move. */
function Ticks({ data }: { data: HistogramData | null }) {
  const first = data?.buckets[0];
  if (!data || first === undefined) return <div class="ticks" />;
  const span = data.buckets.length * data.bucket_s;
  return (
    <div class="ticks" aria-hidden="true">
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <span>{tickText(first.ts + span * share, span)}</span>
      ))}
    </div>
  );
}

/** What is under the pointer or chosen; else the whole. */
function readout(data: HistogramData, range: Range | null): string {
  const { buckets } = data;
  const whole = { anchor: 0, to: buckets.length - 1 };
  const times = timesOf(data, range ?? whole);
  if (times === null) return 'no record';
  const [first, last] = endsOf(range ?? whole);
  const counts = countsText(buckets.slice(first, last + 1));
  return `${spanText(times.since, times.until, new Date())} · ${counts}`;
}
