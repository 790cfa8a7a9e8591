// The copy of a body: laid out for reading, as text or as a hex dump, and plainly what of the body it is.

import { useMemo, useState } from 'preact/hooks';
import type { Body } from '../../../store/capture-join.ts';
import { CopyButton } from '../../kit/copy-button.tsx';
import { TRUNCATIONS } from '../../kit/explain.ts';
import { formatBytes } from '../../kit/format.ts';
import { SafeText } from '../../kit/safe-text.tsx';
import { type BodyKind, KIND_LABELS, kindOf } from './body-kind.ts';
import { boundaryOf, parseMultipart } from './form.ts';
import { FormView, PartsView } from './form-view.tsx';
import { bytesOf, hexDump } from './hex-dump.ts';
import { rootOf } from './json-tree.ts';
import { JsonTree } from './json-tree-view.tsx';
import { prettyJson } from './pretty-json.ts';
import { StreamView } from './stream-view.tsx';

/** Text drawn at once: a browser lays this out in some milliseconds. */
const FIRST_CHARS = 64 * 1024;
/** Megabytes of hex would freeze the page. */
const HEX_BYTES = 68 * 1024;
/** A body that is laid out may be as long as all that is shown of it. */
const MAX_MULTIPART_BYTES = 4 * 1024 * 1024;

type View = 'pretty' | 'text' | 'hex';
const VIEW_LABELS: Readonly<Record<View, string>> = { pretty: 'Pretty', text: 'Text', hex: 'Hex' };

export function BodyView({ body, contentType }: { body: Body; contentType: string }) {
  const kind = useMemo(() => kindOf(body, contentType), [body, contentType]);
  const views = viewsOf(kind, body);
  const [chosen, setChosen] = useState<View | null>(null);
  const view = chosen !== null && views.includes(chosen) ? chosen : (views[0] ?? 'text');
  if (body.shown_bytes === 0) {
    return (
      <div class="body">
        <Notices body={body} contentType={contentType} view="text" />
        {body.wire_bytes !== 0 && <Hash body={body} />}
      </div>
    );
  }
  return (
    <div class="body">
      <div class="body-bar">
        <span>{label(body, kind)}</span>
        {views.length > 1 && (
          <fieldset class="switch" aria-label="How the body is shown">
            {views.map((each) => (
              <button
                type="button"
                class="small"
                key={each}
                aria-pressed={each === view}
                onClick={() => setChosen(each)}
              >
                {VIEW_LABELS[each]}
              </button>
            ))}
          </fieldset>
        )}
        {body.encoding === 'utf8' && <CopyButton text={body.text} />}
      </div>
      <Notices body={body} contentType={contentType} view={view} />
      {view === 'pretty' && <Pretty body={body} kind={kind} contentType={contentType} />}
      {view === 'text' && <Plain text={body.text} />}
      {view === 'hex' && <Hex body={body} />}
      <Hash body={body} />
    </div>
  );
}

function viewsOf(kind: BodyKind, { encoding }: Body): View[] {
  const views: View[] = kind === 'text' || kind === 'bytes' ? [] : ['pretty'];
  if (encoding === 'utf8') views.push('text');
  return [...views, 'hex'];
}

type PrettyProps = { body: Body; kind: BodyKind; contentType: string };

function Pretty({ body, kind, contentType }: PrettyProps) {
  const { text } = body;
  switch (kind) {
    case 'events':
    case 'lines':
      return <StreamView text={text} kind={kind} />;
    case 'form':
      return <FormView text={text} />;
    case 'multipart': {
      const content =
        body.encoding === 'utf8' ? text : bytesOf(text, 'base64', MAX_MULTIPART_BYTES);
      const parsed = parseMultipart(content, boundaryOf(contentType));
      return parsed === null ? <NotThat /> : <PartsView {...parsed} />;
    }
    case 'json':
      // What is no single value is laid out token by token.
      return rootOf(text) === null ? <Plain text={prettyJson(text)} /> : <JsonTree text={text} />;
    default:
      return <Plain text={text} />;
  }
}

function NotThat() {
  return <p class="notice">The content does not fit its type; look at Text or Hex.</p>;
}

function Plain({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? text : text.slice(0, FIRST_CHARS);
  return (
    <>
      <pre>
        <SafeText text={shown} lines />
      </pre>
      {shown.length < text.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show the other {formatBytes(text.length - shown.length)} of text
        </button>
      )}
    </>
  );
}

function Hex({ body }: { body: Body }) {
  const dump = useMemo(() => hexDump(bytesOf(body.text, body.encoding, HEX_BYTES)), [body]);
  return (
    <pre class="hex">
      <SafeText text={dump} lines />
    </pre>
  );
}

/** What the copy is not: every way in which it differs from what was on the wire. */
type NoticesProps = { body: Body; contentType: string; view: View };

function Notices({ body, contentType, view }: NoticesProps) {
  return (
    <>
      {[...notices(body, contentType), ...hexNotice(body, view)].map((note) => (
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
  return notes;
}

function hexNotice(body: Body, view: View): string[] {
  const isLong = view === 'hex' && (body.decoded_bytes || body.shown_bytes) > HEX_BYTES;
  return isLong ? [`Hex of the first ${formatBytes(HEX_BYTES)}.`] : [];
}

function label(body: Body, kind: BodyKind): string {
  const size = formatBytes(body.decoded_bytes || body.shown_bytes);
  return `${KIND_LABELS[kind]}, ${size}${body.decoded && `, decoded from ${body.decoded}`}`;
}
