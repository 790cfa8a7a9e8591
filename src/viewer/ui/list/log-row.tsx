// One row of the list. Draws what it is given; knows nothing of the server.

// biome-ignore-all lint/a11y/noRedundantRoles: a table that is drawn as a grid loses its own roles
// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: a table that is drawn as a grid loses its own roles
// biome-ignore-all lint/a11y/useFocusableInteractive: a table that is drawn as a grid loses its own roles

import { signal } from '@preact/signals';
import { memo } from 'preact/compat';
import { visibleText } from '../../../shared/visible-text.ts';
import type { Row } from '../../store/row.ts';
import { CLASS_LABELS, isOfLeash, UNCHAINED } from '../kit/explain.ts';
import { formatBytes, formatDuration } from '../kit/format.ts';
import { ClassIcon } from '../kit/icons.tsx';
import { timeForm } from '../kit/preferences.ts';
import { SafeText } from '../kit/safe-text.tsx';
import type { Column, ColumnName } from './columns.ts';
import { describeTime, formatListTime } from './times.ts';

/** Moves on while times are shown as how long ago. */
export const nowMs = signal(Date.now());

type LogRowProps = {
  readonly row: Row;
  readonly top: number;
  readonly rowIndex: number;
  readonly columns: readonly Column[];
  readonly selected: boolean;
  /** Put aside, for an export. */
  readonly chosen: boolean;
  /** The one row that Tab reaches. */
  readonly active: boolean;
  readonly onSelect: (row: Row) => void;
  /** `range`: with all rows from the last one on. */
  readonly onChoose: (row: Row, range: boolean) => void;
  readonly onFocus: (row: Row) => void;
};

/** Drawn again only when it changes: scrolling draws many. */
export const LogRow = memo(PlainRow);

function PlainRow(props: LogRowProps) {
  const { row, top, rowIndex, columns, selected, chosen, active, onFocus } = props;
  const onClick = ({ ctrlKey, metaKey, shiftKey }: MouseEvent) => {
    if (ctrlKey || metaKey || shiftKey) props.onChoose(row, shiftKey);
    else props.onSelect(row);
  };
  return (
    <tr
      role="row"
      class={`k-${row.class}${isTorn(row) ? ' torn' : ''}${selected ? ' selected' : ''}${chosen ? ' chosen' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      tabIndex={active ? 0 : -1}
      aria-rowindex={rowIndex}
      aria-selected={selected}
      data-at={row.at}
      onClick={onClick}
      // The browser would select the text between the two clicks.
      onMouseDown={(event) => event.shiftKey && event.preventDefault()}
      onFocus={() => onFocus(row)}
    >
      {columns.map(({ name }, index) => (
        <td
          role="gridcell"
          aria-colindex={index + 1}
          class={name === 'status' ? `c-status ${statusKind(row.status)}` : `c-${name}`}
          title={titleOf(name, row)}
        >
          {index === 0 && chosen && (
            <span class="tick">
              <span aria-hidden="true">✓</span>
              <span class="unseen">Selected</span>
            </span>
          )}
          {cellOf(name, row)}
        </td>
      ))}
    </tr>
  );
}

function cellOf(name: ColumnName, row: Row) {
  switch (name) {
    case 'time':
      return <TimeText ts={row.ts} />;
    case 'client':
      return <SafeText text={row.agent || row.client} />;
    case 'class':
      return (
        <span class="decision">
          <ClassIcon name={row.class} />
          <span class="label">{CLASS_LABELS[row.class]}</span>
        </span>
      );
    case 'method':
      return <SafeText text={row.method} />;
    case 'url':
      return (
        <>
          {!row.chained && <span class="mark">not chained</span>}
          <Address row={row} />
        </>
      );
    case 'port':
      return row.port ?? '';
    case 'status':
      return row.status ?? '';
    case 'size':
      return hasSize(row) && formatBytes(row.bytes);
    case 'took':
      return row.duration_ms !== null && formatDuration(row.duration_ms);
  }
}

/** What does not fit into the cell, or what its short form leaves out. */
function titleOf(name: ColumnName, row: Row): string | undefined {
  switch (name) {
    case 'time':
      return describeTime(row.ts);
    case 'client':
      return [row.agent, row.client]
        .filter((part) => part !== '')
        .map(visibleText)
        .join(' · ');
    case 'class':
      return CLASS_LABELS[row.class];
    case 'url':
      return row.chained ? visibleText(row.url || row.summary) : UNCHAINED;
    case 'size':
      return hasSize(row) ? `${row.bytes} bytes received, ${row.req_bytes} sent` : undefined;
    default:
      return undefined;
  }
}

function TimeText({ ts }: { ts: number }) {
  const form = timeForm.value;
  return <>{formatListTime(ts, form, form === 'ago' ? nowMs.value : Date.now())}</>;
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
