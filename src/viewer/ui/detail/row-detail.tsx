// One record, whole: what was decided and why, and both messages. Fetches what it shows.

import { useEffect, useState } from 'preact/hooks';
import type { Flow } from '../../store/flow.ts';
import { ApiError, fetchFlow } from '../kit/api-client.ts';
import { openRow, page } from '../kit/app-state.ts';
import { CLASS_LABELS } from '../kit/explain.ts';
import { ClassIcon, CloseIcon } from '../kit/icons.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { CompareView } from './compare/compare-view.tsx';
import { DetailActions } from './detail-actions.tsx';
import { FlowView } from './flow-view.tsx';

type RowDetailProps = {
  readonly id: string;
  readonly at: string;
  readonly redact: boolean;
  readonly onClose: () => void;
};

type Answer = {
  readonly at: string;
  readonly flow: Flow | null;
  readonly error: string;
  /** There is no such record. */
  readonly isGone: boolean;
};

export function RowDetail({ id, at, redact, onClose }: RowDetailProps) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    fetchFlow({ id, at, redact }, controller.signal).then(
      (flow) => {
        openRow.value = flow.row;
        setAnswer({ at, flow, error: '', isGone: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const text = error instanceof ApiError ? error.message : 'no connection to leash';
        const isGone = error instanceof ApiError && error.status === 404;
        setAnswer({ at, flow: null, error: text, isGone });
      },
    );
    return () => controller.abort();
  }, [id, at, redact]);
  // The old record stays until the new one is there: moving through rows does not flicker.
  const flow = answer?.flow ?? null;
  const { compare } = page.value;
  const isCompared = compare !== null && flow !== null && compare.at !== flow.row.at;
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
      {answer?.error && (
        <p class="loading error">
          {answer.isGone
            ? 'This record is gone: it is not in the log any more, or the link is not of this log. It was deleted with its segment, or its place was changed.'
            : answer.error}
        </p>
      )}
      {flow && <DetailActions flow={flow} />}
      {flow && isCompared && compare && (
        <div class="scroll">
          <CompareView kept={compare} flow={flow} key={flow.row.at} />
        </div>
      )}
      {flow && !isCompared && <FlowView flow={flow} key={flow.row.at} />}
    </aside>
  );
}

function title({ row }: Flow): string {
  if (row.url !== '') return `${row.method} ${row.url}`.trim();
  if (row.host !== '')
    return `${row.method} ${row.host}${row.port === null ? '' : `:${row.port}`}`.trim();
  return row.event.replaceAll('_', ' ');
}
