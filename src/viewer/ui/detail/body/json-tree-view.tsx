// A JSON text as a tree that opens and closes. Draws the lines that the model gives, and no more.

import { useMemo, useState } from 'preact/hooks';
import { SafeText } from '../../kit/safe-text.tsx';
import {
  type Extents,
  firstOpened,
  isContainer,
  type JsonNode,
  MAX_LINES,
  type Opened,
  rootOf,
  STEP,
  type TreeLine,
  treeLines,
} from './json-tree.ts';

/** A longer string is cut: all of it is in Text. */
const MAX_STRING = 2000;
/** Deeper lines are not indented further. */
const MAX_INDENT = 40;
/** A click on "open all" opens so many lines at most. */
const OPEN_ALL = 1000;

/** Null where the text is no JSON value. */
export function JsonTree({ text, compact = false }: { text: string; compact?: boolean }) {
  const extents = useMemo((): Extents => new Map(), [text]);
  const root = useMemo(() => rootOf(text, extents), [text]);
  const first = useMemo((): Opened => {
    const most = compact ? 12 : undefined;
    return root === null ? new Map() : firstOpened(text, root, most, extents);
  }, [text, root]);
  const [changed, setChanged] = useState<{ text: string; opened: Opened } | null>(null);
  if (root === null) return null;
  const opened = changed?.text === text ? changed.opened : first;
  const set = (next: Opened) => setChanged({ text, opened: next });
  const toggle = (node: JsonNode) => {
    const next = new Map(opened);
    if (!next.delete(node.start)) next.set(node.start, STEP);
    set(next);
  };
  const more = ({ start }: JsonNode) =>
    set(new Map(opened).set(start, (opened.get(start) ?? 0) + 5 * STEP));
  const { lines, isCut } = treeLines(text, root, opened, extents);
  return (
    <div class="tree-box">
      {!compact && (
        <div class="tree-bar">
          <button
            type="button"
            class="small"
            onClick={() => set(firstOpened(text, root, OPEN_ALL, extents))}
          >
            Open all
          </button>
          <button type="button" class="small" onClick={() => set(new Map([[root.start, STEP]]))}>
            Close all
          </button>
        </div>
      )}
      <div class="tree">
        {lines.map((line) => (
          <Line
            key={`${line.type}${line.node.start}`}
            line={line}
            text={text}
            onToggle={toggle}
            onMore={more}
          />
        ))}
      </div>
      {isCut && (
        <p class="notice">
          Only the first {MAX_LINES} open lines are shown. Close some, or look at Text.
        </p>
      )}
    </div>
  );
}

type LineProps = {
  line: TreeLine;
  text: string;
  onToggle: (node: JsonNode) => void;
  onMore: (node: JsonNode) => void;
};

function Line({ line, text, onToggle, onMore }: LineProps) {
  const { node } = line;
  const style = { '--depth': Math.min(line.depth, MAX_INDENT) };
  if (line.type === 'end') {
    return (
      <div class="tree-line" style={style}>
        <span class="sign">{node.isCut ? '… the text ends here' : bracketsOf(node)[1]}</span>
      </div>
    );
  }
  if (line.type === 'more') {
    return (
      <div class="tree-line" style={style}>
        <button type="button" class="link" onClick={() => onMore(node)}>
          {line.hidden.toLocaleString('en')} more are not shown: show some
        </button>
      </div>
    );
  }
  const [open, close] = bracketsOf(node);
  const canOpen = isContainer(node) && node.count > 0;
  return (
    <div class="tree-line" style={style}>
      {canOpen && (
        <button
          type="button"
          class="twist"
          aria-expanded={line.isOpen}
          aria-label={line.isOpen ? 'Close' : 'Open'}
          onClick={() => onToggle(node)}
        >
          {line.isOpen ? '▾' : '▸'}
        </button>
      )}
      {node.name !== null && (
        <>
          <span class="json-name">
            <SafeText text={cut(node.name)} />
          </span>
          {': '}
        </>
      )}
      {isContainer(node) ? (
        <span class="sign">
          {line.isOpen ? open : `${open}${node.count > 0 ? '…' : ''}${node.isCut ? '' : close}`}
          {canOpen && <span class="count"> {countOf(node)}</span>}
        </span>
      ) : (
        <Value node={node} text={text} />
      )}
    </div>
  );
}

function Value({ node, text }: { node: JsonNode; text: string }) {
  const value = text.slice(node.start, node.end);
  return (
    <span class={node.kind === 'string' ? 'json-text' : 'json-other'}>
      <SafeText text={value.slice(0, MAX_STRING)} />
      {value.length > MAX_STRING && (
        <span class="count">
          {' '}
          … {(value.length - MAX_STRING).toLocaleString('en')} more characters, in Text
        </span>
      )}
      {node.isCut && <span class="count"> … the text ends here</span>}
    </span>
  );
}

function bracketsOf({ kind }: JsonNode): [string, string] {
  return kind === 'array' ? ['[', ']'] : ['{', '}'];
}

function countOf({ kind, count }: JsonNode): string {
  const noun = kind === 'array' ? 'item' : 'member';
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

function cut(name: string): string {
  return name.length > MAX_STRING ? `${name.slice(0, MAX_STRING)}…` : name;
}
