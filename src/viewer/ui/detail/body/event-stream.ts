// The text of an event stream → its events, as a browser would read them (HTML standard, section
// 9.2.6), and what was meant by the common streams of language models, put together. Pure.

type StreamEvent = {
  /** `event:`; empty: the default, `message`. */
  readonly name: string;
  readonly id: string;
  readonly data: string;
  /** Lines that begin with a colon. */
  readonly comments: readonly string[];
  /** The text ends before the blank line that would end it. */
  readonly isCut: boolean;
};

/** More than a page shows at once. */
const MAX_EVENTS = 20_000;
/** Of what was put together. */
const MAX_TEXT = 256 * 1024;

/** Text → events in order; at most 20,000, `isCut` says that there are more. */
export function parseEventStream(text: string): { events: StreamEvent[]; isCut: boolean } {
  const events: StreamEvent[] = [];
  let draft = emptyDraft();
  const line = /([^\r\n]*)(\r\n|\n|\r|$)/y;
  for (let match = line.exec(text); match !== null; match = line.exec(text)) {
    const [whole, content = '', newline] = match;
    if (content === '' && newline !== '') {
      if (draft.isStarted) events.push(toEvent(draft, false));
      draft = emptyDraft();
      if (events.length >= MAX_EVENTS) return { events, isCut: line.lastIndex < text.length };
    } else if (content !== '')
      takeLine(draft, match.index === 0 ? content.replace(/^\ufeff/, '') : content);
    if (whole === '' || newline === '') break;
  }
  if (draft.isStarted) events.push(toEvent(draft, true));
  return { events, isCut: false };
}

type Draft = { name: string; id: string; data: string[]; comments: string[]; isStarted: boolean };

function emptyDraft(): Draft {
  return { name: '', id: '', data: [], comments: [], isStarted: false };
}

function takeLine(draft: Draft, line: string): void {
  draft.isStarted = true;
  const colon = line.indexOf(':');
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (colon === 0) draft.comments.push(value);
  else if (field === 'data') draft.data.push(value);
  else if (field === 'event') draft.name = value;
  else if (field === 'id') draft.id = value;
}

function toEvent({ name, id, data, comments }: Draft, isCut: boolean): StreamEvent {
  return { name, id, data: data.join('\n'), comments, isCut };
}

/** Lines of NDJSON, blank ones left out. */
export function parseLines(text: string): { lines: string[]; isCut: boolean } {
  const lines: string[] = [];
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end).trim();
    if (line !== '') lines.push(line);
    at = end + 1;
    if (lines.length >= MAX_EVENTS) return { lines, isCut: at < text.length };
  }
  return { lines, isCut: false };
}

/** JSON pieces of a stream → the text they spell; empty where they are of no common form. */
export function reassemble(pieces: readonly string[]): string {
  let text = '';
  for (const piece of pieces) {
    if (!piece.startsWith('{')) continue;
    text += deltaOf(parse(piece));
    if (text.length > MAX_TEXT) return text.slice(0, MAX_TEXT);
  }
  return text;
}

/** OpenAI chat, completions and responses; Anthropic; Gemini; Cohere; Ollama. */
function deltaOf(value: unknown): string {
  const type = get(value, 'type');
  const delta = get(value, 'delta');
  const choice = get(get(value, 'choices'), 0);
  const parts = get(get(get(get(value, 'candidates'), 0), 'content'), 'parts');
  return (
    textOf(get(get(choice, 'delta'), 'content')) ||
    textOf(get(choice, 'text')) ||
    (type === 'response.output_text.delta' ? textOf(delta) : '') ||
    textOf(get(delta, 'text')) ||
    textOf(get(get(get(delta, 'message'), 'content'), 'text')) ||
    (Array.isArray(parts) ? parts.map((part) => textOf(get(part, 'text'))).join('') : '') ||
    textOf(get(get(value, 'message'), 'content')) ||
    textOf(get(value, 'response'))
  );
}

function get(value: unknown, name: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string | number, unknown>)[name];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
