// The copy of a body: text, laid-out JSON or a hex dump, and plainly what of the body it is.

import { useState } from 'preact/hooks';
import type { Body } from '../../store/capture-join.ts';
import { CopyButton } from '../kit/copy-button.tsx';
import { TRUNCATIONS } from '../kit/explain.ts';
import { formatBytes } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { hexDump } from './hex-dump.ts';
import { looksLikeJson, prettyJson } from './pretty-json.ts';

/** Text drawn at once: a browser lays this out in some milliseconds. */
const FIRST_CHARS = 64 * 1024;
const FIRST_BYTES = 4 * 1024;
/** The rest on demand; megabytes of hex would freeze the page. */
const MORE_BYTES = 64 * 1024;

export function BodyView({ body, contentType }: { body: Body; contentType: string }) {
  const [raw, setRaw] = useState(false);
  const [all, setAll] = useState(false);
  const isJson = body.encoding === 'utf8' && looksLikeJson(body.text);
  if (body.shown_bytes === 0) {
    return (
      <div class="body">
        <Notices body={body} contentType={contentType} />
        {body.wire_bytes !== 0 && <Hash body={body} />}
      </div>
    );
  }
  const text = textOf(body, isJson && !raw);
  const shown = all ? text : text.slice(0, FIRST_CHARS);
  return (
    <div class="body">
      <div class="body-bar">
        <span>{label(body, isJson)}</span>
        {isJson && (
          <button type="button" class="small" aria-pressed={raw} onClick={() => setRaw(!raw)}>
            {raw ? 'Lay out JSON' : 'As sent'}
          </button>
        )}
        {body.encoding === 'utf8' && <CopyButton text={body.text} />}
      </div>
      <Notices body={body} contentType={contentType} />
      <pre class={body.encoding === 'base64' ? 'hex' : ''}>
        <SafeText text={shown} lines />
      </pre>
      {shown.length < text.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show the other {formatBytes(text.length - shown.length)} of text
        </button>
      )}
      <Hash body={body} />
    </div>
  );
}

/** What the copy is not: every way in which it differs from what was on the wire. */
function Notices({ body, contentType }: { body: Body; contentType: string }) {
  return (
    <>
      {notices(body, contentType).map((note) => (
        <p class="notice" key={note}>
          {note}
        </p>
      ))}
    </>
  );
}

function Hash({ body }: { body: Body }) {
  if (body.sha256 === '') return null;
  const size = body.wire_bytes === null ? '' : `, ${formatBytes(body.wire_bytes)}`;
  return (
    <p class="hash">
      SHA-256 of all bytes that passed{size}: <code>{body.sha256}</code>
    </p>
  );
}

function notices(body: Body, contentType: string): string[] {
  const notes: string[] = [];
  const full =
    body.wire_bytes === null
      ? 'the body'
      : `${formatBytes(body.wire_bytes)} (${body.wire_bytes.toLocaleString('en')} bytes)`;
  if (body.truncated !== '') {
    const why = TRUNCATIONS.get(body.truncated) ?? body.truncated;
    const kind = body.truncated === 'content_type' && contentType ? ` (${contentType})` : '';
    // Of a copy that was decoded before it was written, nobody knows how long all of it is.
    const isCounted = body.decoded === '' || body.decoded_bytes > 0;
    const part = `${formatBytes(body.captured_bytes)}${isCounted ? ` of ${full}` : ' of its text'}`;
    notes.push(
      `Not the whole body: ${part} are on the log, because ${why}${kind}. The rest was passed on.`,
    );
  }
  if (body.missing_parts > 0) {
    notes.push(
      `${body.missing_parts} part records of this body were not found: what follows a gap is not shown.`,
    );
  }
  if (body.shown_bytes < body.captured_bytes && body.missing_parts === 0) {
    notes.push(
      `Shown here: the first ${formatBytes(body.shown_bytes)} of ${formatBytes(body.captured_bytes)} on the log.`,
    );
  }
  if (body.decoded_cut) notes.push('The decoded text goes on: its end is not shown.');
  if (body.encoding === 'base64' && body.shown_bytes > FIRST_BYTES + MORE_BYTES) {
    notes.push(`Hex of the first ${formatBytes(FIRST_BYTES + MORE_BYTES)}.`);
  }
  return notes;
}

function textOf(body: Body, isLaidOut: boolean): string {
  if (body.encoding === 'base64') return hexDump(body.text, FIRST_BYTES + MORE_BYTES);
  return isLaidOut ? prettyJson(body.text) : body.text;
}

function label(body: Body, isJson: boolean): string {
  const kind = body.encoding === 'base64' ? 'Bytes' : isJson ? 'JSON' : 'Text';
  const size = formatBytes(body.decoded_bytes || body.shown_bytes);
  return `${kind}, ${size}${body.decoded && `, decoded from ${body.decoded}`}`;
}
