// One record, whole: what was decided and why, and both messages. Fetches what it shows.

import { useEffect, useState } from 'preact/hooks';
import type { Flow } from '../../store/flow.ts';
import { ApiError, fetchFlow } from '../kit/api-client.ts';
import { CLASS_LABELS, isOfLeash } from '../kit/explain.ts';
import { ClassIcon, CloseIcon } from '../kit/icons.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { DetailSummary } from './detail-summary.tsx';
import { MessageList } from './message-list.tsx';
import { MessageView } from './message-view.tsx';

export type RowDetailProps = {
  readonly id: string;
  readonly at: string;
  readonly redact: boolean;
  readonly onClose: () => void;
};

type Answer = { readonly at: string; readonly flow: Flow | null; readonly error: string };

export function RowDetail({ id, at, redact, onClose }: RowDetailProps) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    fetchFlow({ id, at, redact }, controller.signal).then(
      (flow) => setAnswer({ at, flow, error: '' }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const text = error instanceof ApiError ? error.message : 'no connection to leash';
        setAnswer({ at, flow: null, error: text });
      },
    );
    return () => controller.abort();
  }, [id, at, redact]);
  // The old record stays until the new one is there: moving through rows does not flicker.
  const flow = answer?.flow ?? null;
  return (
    <aside class="detail" aria-label="Record" aria-busy={answer?.at !== at}>
      <header class={flow ? `k-${flow.row.class}` : ''}>
        {flow && (
          <span class="decision">
            <ClassIcon name={flow.row.class} />
            {CLASS_LABELS[flow.row.class]}
          </span>
        )}
        <h2>{flow && <SafeText text={title(flow)} />}</h2>
        <button type="button" class="close" onClick={onClose} aria-label="Close (Esc)">
          <CloseIcon />
        </button>
      </header>
      {answer === null && <p class="loading">Reading the log…</p>}
      {answer?.error && <p class="loading error">{answer.error}</p>}
      {flow && <FlowView flow={flow} />}
    </aside>
  );
}

function FlowView({ flow }: { flow: Flow }) {
  const { row, request, response } = flow;
  const isEvent = isOfLeash(row);
  const isTunnel = row.class === 'uninspected';
  const isMessage = row.event === 'websocket';
  const fromServer = flow.fields.direction === 'server';
  return (
    <div class="scroll" key={row.at}>
      <DetailSummary flow={flow} />
      {!isEvent && !isTunnel && (
        <div class={isMessage ? 'messages single' : 'messages'}>
          {!(isMessage && fromServer) && (
            <MessageView
              title={isMessage ? 'Message from the client' : 'Request'}
              message={request}
            />
          )}
          {!(isMessage && !fromServer) && mayHaveAnswer(flow) && (
            <MessageView
              title={isMessage ? 'Message from the server' : 'Response'}
              message={response}
            />
          )}
        </div>
      )}
      {flow.messages.length > 0 && <MessageList flow={flow} />}
      <details class="fields">
        <summary>All fields of the record</summary>
        <pre>
          <SafeText text={JSON.stringify(flow.fields, null, 2)} lines />
        </pre>
      </details>
    </div>
  );
}

/** What leash refused has none; what it ended later, or what still runs, may have one. */
function mayHaveAnswer({ row, response }: Flow): boolean {
  if (row.event === 'revoked') return row.status !== null;
  if (row.class === 'running') return response.body.captured_bytes > 0;
  return row.class !== 'blocked';
}

function title({ row }: Flow): string {
  if (row.url !== '') return `${row.method} ${row.url}`.trim();
  if (row.host !== '')
    return `${row.method} ${row.host}${row.port === null ? '' : `:${row.port}`}`.trim();
  return row.event.replaceAll('_', ' ');
}
