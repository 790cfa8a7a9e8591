// An event stream as events, JSON lines as records: in the order in which they came, some at a time.
// What language models spell out piece by piece is put together beside them, and never instead of them.

import { useMemo, useState } from 'preact/hooks';
import { CopyButton } from '../../kit/copy-button.tsx';
import { SafeText } from '../../kit/safe-text.tsx';
import { parseEventStream, parseLines, reassemble } from './event-stream.ts';
import { JsonTree } from './json-tree-view.tsx';
import { looksLikeJson } from './pretty-json.ts';

/** Drawn at first, and more with each click. */
const FIRST = 100;
const MAX_DATA = 4000;

type Item = { title: string; data: string; note: string };

export function StreamView({ text, kind }: { text: string; kind: 'events' | 'lines' }) {
  const { items, isCut } = useMemo(() => itemsOf(text, kind), [text, kind]);
  const whole = useMemo(() => reassemble(items.map(({ data }) => data)), [items]);
  const [count, setCount] = useState(FIRST);
  const noun = kind === 'events' ? 'events' : 'lines';
  return (
    <div class="stream">
      {whole !== '' && (
        <details class="whole" open>
          <summary>
            Text put together from the pieces <CopyButton text={whole} />
          </summary>
          <pre>
            <SafeText text={whole} lines />
          </pre>
        </details>
      )}
      <p class="hint">
        {items.length.toLocaleString('en')} {noun}, in the order in which they came
        {isCut && '; there are more, in Text'}
      </p>
      <ol class="events">
        {items.slice(0, count).map((item, index) => (
          <li key={index}>
            <span class="event-name">
              {index + 1}
              {item.title && (
                <b>
                  <SafeText text={item.title} />
                </b>
              )}
              {item.note && (
                <span class="count">
                  <SafeText text={item.note} />
                </span>
              )}
            </span>
            <Data text={item.data} />
          </li>
        ))}
      </ol>
      {count < items.length && (
        <button type="button" class="more" onClick={() => setCount(count + 5 * FIRST)}>
          {(items.length - count).toLocaleString('en')} more {noun} are not shown: show some
        </button>
      )}
    </div>
  );
}

function Data({ text }: { text: string }) {
  if (text === '') return null;
  if (looksLikeJson(text)) return <JsonTree text={text} compact />;
  return (
    <pre>
      <SafeText text={text.slice(0, MAX_DATA)} lines />
      {text.length > MAX_DATA && ` … ${text.length - MAX_DATA} more characters, in Text`}
    </pre>
  );
}

function itemsOf(text: string, kind: 'events' | 'lines'): { items: Item[]; isCut: boolean } {
  if (kind === 'lines') {
    const { lines, isCut } = parseLines(text);
    return { items: lines.map((data) => ({ title: '', data, note: '' })), isCut };
  }
  const { events, isCut } = parseEventStream(text);
  const items = events.map(({ name, id, data, comments, isCut: isHalf }) => ({
    title: name,
    data,
    note: [
      id === '' ? '' : `id ${id.slice(0, 200)}`,
      comments.length > 0 ? `comment: ${comments.join(' ').slice(0, 200)}` : '',
      isHalf ? 'the text ends within it' : '',
    ]
      .filter((note) => note !== '')
      .join(' · '),
  }));
  return { items, isCut };
}
