// The list: one row per flow, newest first. Draws what it is given; knows nothing of the server.

import { memo } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import type { Row } from '../../store/row.ts';
import { CLASS_LABELS, isOfLeash, UNCHAINED } from '../kit/explain.ts';
import { formatBytes, formatDuration, formatTime, formatUtc } from '../kit/format.ts';
import { ClassIcon } from '../kit/icons.tsx';
import { SafeText } from '../kit/safe-text.tsx';

export type LogTableProps = {
  readonly rows: readonly Row[];
  readonly selectedAt: string;
  readonly onSelect: (row: Row) => void;
};

export function LogTable({ rows, selectedAt, onSelect }: LogTableProps) {
  return (
    <table class="log" aria-rowcount={-1}>
      <thead>
        <tr>
          <th class="c-time">Time</th>
          <th class="c-client">Client</th>
          <th class="c-class">Decision</th>
          <th class="c-method">Method</th>
          <th class="c-url">Address</th>
          <th class="c-port">Port</th>
          <th class="c-status">Status</th>
          <th class="c-size">Size</th>
          <th class="c-took">Took</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <LogRow key={row.at} row={row} selected={row.at === selectedAt} onSelect={onSelect} />
        ))}
      </tbody>
    </table>
  );
}

type LogRowProps = {
  readonly row: Row;
  readonly selected: boolean;
  readonly onSelect: (row: Row) => void;
};

/** Drawn again only when it changes: the list is long and asked for every two seconds. */
const LogRow = memo(PlainRow);

function PlainRow({ row, selected, onSelect }: LogRowProps) {
  const element = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (selected) element.current?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  return (
    <tr
      ref={element}
      class={`k-${row.class}${isTorn(row) ? ' torn' : ''}${selected ? ' selected' : ''}`}
      aria-selected={selected}
      onClick={() => onSelect(row)}
    >
      <td class="c-time" title={formatUtc(row.ts)}>
        {/* The button makes the row reachable by Tab and by screen readers. */}
        <button type="button" class="row-button">
          {formatTime(row.ts, new Date())}
        </button>
      </td>
      <td class="c-client" title={row.client}>
        <SafeText text={row.agent || row.client} />
      </td>
      <td class="c-class" title={CLASS_LABELS[row.class]}>
        <span class="decision">
          <ClassIcon name={row.class} />
          <span class="label">{CLASS_LABELS[row.class]}</span>
        </span>
      </td>
      <td class="c-method">
        <SafeText text={row.method} />
      </td>
      <td class="c-url">
        {!row.chained && (
          <span class="mark" title={UNCHAINED}>
            not chained
          </span>
        )}
        <Address row={row} />
      </td>
      <td class="c-port">{row.port ?? ''}</td>
      <td class={`c-status ${statusKind(row.status)}`}>{row.status ?? ''}</td>
      <td class="c-size">{hasSize(row) && formatBytes(row.bytes)}</td>
      <td class="c-took">{row.duration_ms !== null && formatDuration(row.duration_ms)}</td>
    </tr>
  );
}

function Address({ row }: { row: Row }) {
  if (row.client === '' && row.host === '') {
    return (
      <>
        <b>{row.event.replaceAll('_', ' ')}</b>{' '}
        <span class="rest">
          <SafeText text={row.summary} />
        </span>
      </>
    );
  }
  const note = row.summary || (row.class === 'blocked' || row.class === 'error' ? row.reason : '');
  return (
    <>
      <b>
        <SafeText text={row.host} />
      </b>
      <span class="rest">
        <SafeText text={pathOf(row)} />
      </span>
      {note !== '' && (
        <span class="note">
          <SafeText text={note} />
        </span>
      )}
    </>
  );
}

/** What a crash left half written: worth a look, and no damage. */
function isTorn(row: Row): boolean {
  return row.chained && row.event === 'log_recovered' && row.class === 'event';
}

/** What an upstream sent; a refusal of leash itself is none, and neither is what happened to it. */
function hasSize(row: Row): boolean {
  if (isOfLeash(row)) return false;
  return ['allowed', 'would_block', 'uninspected'].includes(row.class) || row.bytes > 0;
}

function statusKind(status: number | null): string {
  if (status === null || status < 400) return '';
  return status < 500 ? 's-client' : 's-server';
}

/** What follows the host; a URL that does not begin with it is shown whole. */
function pathOf({ url, host, port }: Row): string {
  for (const start of [
    `https://${host}:${port}`,
    `http://${host}:${port}`,
    `https://${host}`,
    `http://${host}`,
    `${host}:${port}`,
  ]) {
    const next = url.charAt(start.length);
    if (url.startsWith(start) && (next === '' || '/?#'.includes(next)))
      return url.slice(start.length);
  }
  return url.startsWith('/') ? url : url && ` ${url}`;
}
