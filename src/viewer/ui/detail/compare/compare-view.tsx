// Two records beside each other: the facts, the headers and the bodies, and in what they differ.

import { useEffect, useState } from 'preact/hooks';
import type { Flow, Message } from '../../../store/flow.ts';
import { fetchFlow } from '../../kit/api-client.ts';
import { page, updatePage } from '../../kit/app-state.ts';
import type { Selection } from '../../kit/page-state.ts';
import { SafeText } from '../../kit/safe-text.tsx';
import { bytesOf, hexDump } from '../body/hex-dump.ts';
import { looksLikeJson, prettyJson } from '../body/pretty-json.ts';
import { compareFacts, compareHeaders, type Difference } from './compare-flows.ts';
import { type DiffLine, diffLines } from './diff-lines.ts';

/** Of a body that is no text. */
const HEX_BYTES = 16 * 1024;
const MAX_LINE = 2000;

/** `kept` is the record that was there first; `flow` the one opened beside it. */
export function CompareView({ kept, flow }: { kept: Selection; flow: Flow }) {
  const [other, setOther] = useState<{ flow: Flow | null; error: string }>({
    flow: null,
    error: '',
  });
  const { redact } = page.value;
  useEffect(() => {
    const controller = new AbortController();
    fetchFlow({ ...kept, redact }, controller.signal).then(
      (found) => setOther({ flow: found, error: '' }),
      (error: Error) => {
        if (!controller.signal.aborted) setOther({ flow: null, error: error.message });
      },
    );
    return () => controller.abort();
  }, [kept.at, kept.id, redact]);
  return (
    <section class="compare" aria-label="Comparison">
      <div class="body-bar">
        <span>The record kept before (A) beside the one opened now (B)</span>
        <button
          type="button"
          class="small"
          onClick={() =>
            updatePage({ compare: { id: flow.row.id, at: flow.row.at }, selection: kept })
          }
        >
          Swap
        </button>
        <button type="button" class="small" onClick={() => updatePage({ compare: null })}>
          End comparison
        </button>
      </div>
      {other.error && (
        <p class="notice">The record that was kept cannot be shown: {other.error}.</p>
      )}
      {other.flow && <Both a={other.flow} b={flow} />}
    </section>
  );
}

function Both({ a, b }: { a: Flow; b: Flow }) {
  return (
    <>
      <Table title="Facts" rows={compareFacts(a, b)} />
      <Table title="Request headers" rows={compareHeaders(a.request.headers, b.request.headers)} />
      <BodyDiff title="Request body" a={a.request} b={b.request} />
      <Table
        title="Response headers"
        rows={compareHeaders(a.response.headers, b.response.headers)}
      />
      <BodyDiff title="Response body" a={a.response} b={b.response} />
    </>
  );
}

const KIND_WORDS = {
  same: '',
  changed: 'changed',
  removed: 'only in A',
  added: 'only in B',
} as const;

function Table({ title, rows }: { title: string; rows: readonly Difference[] }) {
  if (rows.length === 0) return null;
  const different = rows.filter(({ kind }) => kind !== 'same').length;
  return (
    <>
      <h3>
        {title} <span class="count">{different === 0 ? 'the same' : `${different} differ`}</span>
      </h3>
      <table class="compare-table">
        <thead>
          <tr>
            <td />
            <th scope="col">A</th>
            <th scope="col">B</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, a, b, kind }, index) => (
            <tr key={index} class={kind === 'same' ? '' : 'differs'}>
              <th scope="row">
                <SafeText text={name} />
                {kind !== 'same' && <em> {KIND_WORDS[kind]}</em>}
              </th>
              <td>{a === null ? '–' : <SafeText text={a} />}</td>
              <td>{b === null ? '–' : <SafeText text={b} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function BodyDiff({ title, a, b }: { title: string; a: Message; b: Message }) {
  const [left, right] = [readable(a), readable(b)];
  if (left === '' && right === '') return null;
  if (left === right) {
    return (
      <h3>
        {title} <span class="count">the same</span>
      </h3>
    );
  }
  const { lines, isExact } = diffLines(left, right);
  return (
    <>
      <h3>{title}</h3>
      {!isExact && (
        <p class="notice">Too long to compare in full: not all lines are told, nor their order.</p>
      )}
      <pre class="body-diff">
        {lines.map((line, index) => (
          <span class={`diff-${line.kind}`} key={index}>
            {SIGNS[line.kind]} <SafeText text={line.text.slice(0, MAX_LINE)} />
            {'\n'}
          </span>
        ))}
      </pre>
    </>
  );
}

const SIGNS: Readonly<Record<DiffLine['kind'], string>> = {
  same: ' ',
  gone: '-',
  new: '+',
  skip: '…',
};

function readable({ body }: Message): string {
  if (body.encoding === 'base64') return hexDump(bytesOf(body.text, 'base64', HEX_BYTES));
  return looksLikeJson(body.text) ? prettyJson(body.text) : body.text;
}
