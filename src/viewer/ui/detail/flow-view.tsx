// One record in parts: the facts on top, and below them the messages, the decision and the evidence,
// in tabs. Request and response stand side by side where a person likes that and there is room.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Flow, Message } from '../../store/flow.ts';
import { isOfLeash } from '../kit/explain.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { DecisionView } from './decision/decision-view.tsx';
import { ProofView } from './decision/proof-view.tsx';
import { TimingBar } from './decision/timing-bar.tsx';
import { DetailSummary } from './detail-summary.tsx';
import { layout } from './kept-choice.ts';
import { MessageList } from './message-list.tsx';
import { MessageView } from './message-view.tsx';

/** Narrower than this, two messages side by side cannot be read. */
const SIDE_PX = 620;

type Tab = 'both' | 'request' | 'response' | 'socket' | 'decision' | 'evidence';
const LABELS: Readonly<Record<Tab, string>> = {
  both: 'Request and response',
  request: 'Request',
  response: 'Response',
  socket: 'WebSocket',
  decision: 'Decision',
  evidence: 'Evidence',
};

export function FlowView({ flow }: { flow: Flow }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [chosen, setChosen] = useState<Tab | null>(null);
  const isWide = width >= SIDE_PX;
  const tabs = tabsOf(flow, isWide && layout.value === 'side');
  const tab = shownTab(tabs, chosen);
  const hasTwo = hasRequest(flow) && mayHaveAnswer(flow);
  return (
    <div class="scroll" ref={box}>
      <DetailSummary flow={flow} />
      <TimingBar flow={flow} />
      <div class="tabs">
        <div role="tablist" aria-label="Parts of the record">
          {tabs.map((each) => (
            <button
              type="button"
              role="tab"
              key={each}
              id={`tab-${each}`}
              aria-selected={each === tab}
              aria-controls="tab-panel"
              tabIndex={each === tab ? 0 : -1}
              onClick={() => setChosen(each)}
              onKeyDown={(event) => moveTab(event, tabs, each, setChosen)}
            >
              {LABELS[each]}
            </button>
          ))}
        </div>
        {hasTwo && isWide && (
          <button
            type="button"
            class="small"
            aria-pressed={layout.value === 'side'}
            onClick={() => {
              layout.value = layout.value === 'side' ? 'tabs' : 'side';
            }}
          >
            Side by side
          </button>
        )}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
        <Panel flow={flow} tab={tab} />
      </div>
      <details class="fields">
        <summary>All fields of the record</summary>
        <pre>
          <SafeText text={JSON.stringify(flow.fields, null, 2)} lines />
        </pre>
      </details>
    </div>
  );
}

function Panel({ flow, tab }: { flow: Flow; tab: Tab }) {
  const { request, response, fields } = flow;
  const isMessage = flow.row.event === 'websocket';
  if (tab === 'socket') return <MessageList flow={flow} />;
  if (tab === 'decision') return <DecisionView flow={flow} />;
  if (tab === 'evidence') return <ProofView flow={flow} />;
  return (
    <div class={tab === 'both' ? 'messages' : 'messages single'}>
      {tab !== 'response' && hasRequest(flow) && (
        <MessageView
          title={isMessage ? 'Message from the client' : 'Request'}
          message={request}
          trailers={pairsOf(fields.req_trailers)}
        />
      )}
      {tab !== 'request' && mayHaveAnswer(flow) && (
        <MessageView
          title={isMessage ? 'Message from the server' : 'Response'}
          message={response}
          trailers={pairsOf(fields.res_trailers)}
        />
      )}
    </div>
  );
}

function tabsOf(flow: Flow, isSide: boolean): Tab[] {
  const tabs: Tab[] = [];
  const [ask, answer] = [hasRequest(flow), mayHaveAnswer(flow)];
  if (ask && answer && isSide) tabs.push('both');
  else {
    if (ask) tabs.push('request');
    if (answer) tabs.push('response');
  }
  if (flow.messages.length > 0) tabs.push('socket');
  if (!isOfLeash(flow.row) && flow.row.event !== 'websocket') tabs.push('decision');
  return [...tabs, 'evidence'];
}

/** A choice holds where the layout changes, as far as there is such a part. */
function shownTab(tabs: readonly Tab[], chosen: Tab | null): Tab {
  const wanted = chosen !== null && tabs.includes(chosen) ? chosen : null;
  const isMessage = chosen === 'request' || chosen === 'response';
  const instead = isMessage && tabs.includes('both') ? 'both' : tabs[0];
  return wanted ?? instead ?? 'evidence';
}

function moveTab(
  event: KeyboardEvent,
  tabs: readonly Tab[],
  from: Tab,
  choose: (tab: Tab) => void,
): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  const next = tabs[(tabs.indexOf(from) + step + tabs.length) % tabs.length];
  if (step === 0 || next === undefined) return;
  event.preventDefault();
  choose(next);
  document.getElementById(`tab-${next}`)?.focus();
}

function hasRequest({ row, fields }: Flow): boolean {
  if (row.event === 'websocket') return fields.direction !== 'server';
  return !isOfLeash(row) && row.class !== 'uninspected';
}

/** What leash refused has none; what it ended later, or what still runs, may have one. */
function mayHaveAnswer({ row, response, fields }: Flow): boolean {
  if (row.event === 'websocket') return fields.direction === 'server';
  if (isOfLeash(row) || row.class === 'uninspected') return false;
  if (row.event === 'revoked') return row.status !== null;
  if (row.class === 'running') return response.body.captured_bytes > 0;
  return row.class !== 'blocked';
}

function pairsOf(value: unknown): Message['headers'] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((pair: unknown) =>
    Array.isArray(pair) ? [[String(pair[0] ?? ''), String(pair[1] ?? '')] as const] : [],
  );
}

function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(SIDE_PX);
  useEffect(() => {
    if (box.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
