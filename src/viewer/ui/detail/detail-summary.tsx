// The facts of one record as a list of names and values.

import type { ComponentChildren } from 'preact';
import type { Flow } from '../../store/flow.ts';
import { ManageAccess } from '../harden/manage-access.tsx';
import { explain, isOfLeash, UNCHAINED } from '../kit/explain.ts';
import { formatBytes, formatUtc } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';

export function DetailSummary({ flow }: { flow: Flow }) {
  const { row, fields } = flow;
  const sentence = explain(row);
  return (
    <section class="summary">
      {sentence && <p class="sentence">{sentence}</p>}
      {row.summary && (
        <p class="sentence">
          <SafeText text={row.summary} />
        </p>
      )}
      {!row.chained && (
        <p class="sentence warn-text">
          <b>Not chained.</b> {UNCHAINED}
        </p>
      )}
      {!flow.complete && !isOfLeash(row) && (
        <p class="sentence warn-text">
          The search ended before the beginning of this flow was found: parts of it may be missing.
        </p>
      )}
      <ManageAccess row={row} />
      <dl>
        <Fact name="Time">{formatUtc(row.ts)}</Fact>
        <Fact name="Client">{join([row.agent, row.client])}</Fact>
        <Fact name="Target">{target(flow)}</Fact>
        <Fact name="Status">{row.status}</Fact>
        <Fact name="Reason">{row.reason}</Fact>
        <Fact name="Rule">{row.rule}</Fact>
        <Fact name="Policy">{policy(fields)}</Fact>
        <Fact name="Stage">{textOf(fields.stage)}</Fact>
        <Fact name="Upstream IP">{textOf(fields.upstream_ip)}</Fact>
        <Fact name="Protocol">{textOf(fields.proto)}</Fact>
        <Fact name="Name in TLS">{textOf(fields.sni)}</Fact>
        <Fact name="Other name">{textOf(fields.other_host)}</Fact>
        <Fact name="Bytes">{bytes(flow)}</Fact>
        <Fact name="Record">{row.chained ? row.seq : 'not chained'}</Fact>
        <Fact name="Flow">{row.id === '-' ? '' : row.id}</Fact>
      </dl>
    </section>
  );
}

/** A fact without a value is left out. */
function Fact({ name, children }: { name: string; children?: ComponentChildren }) {
  if (children === '' || children === null || children === undefined) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{typeof children === 'string' ? <SafeText text={children} /> : children}</dd>
    </div>
  );
}

function target({ row }: Flow): string {
  if (row.host === '') return '';
  return row.port === null ? row.host : `${row.host}:${row.port}`;
}

function policy(fields: Flow['fields']): string {
  const version = typeof fields.policy === 'number' ? `version ${fields.policy}` : '';
  return join([version, textOf(fields.mode)], ', ');
}

function bytes({ row }: Flow): string {
  if (isOfLeash(row) || row.class === 'blocked' || row.class === 'running') return '';
  // The original did not count what was sent.
  if (!row.chained) return `${formatBytes(row.bytes)} received`;
  return `${formatBytes(row.req_bytes)} sent, ${formatBytes(row.bytes)} received`;
}

function join(parts: readonly string[], between = ' · '): string {
  return parts.filter((part) => part !== '').join(between);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
