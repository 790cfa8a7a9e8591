// What can be done with the open record: copied as a command, exported, put aside, compared.

import { useState } from 'preact/hooks';
import type { Flow } from '../../store/flow.ts';
import { page, updatePage } from '../kit/app-state.ts';
import { CopyButton } from '../kit/copy-button.tsx';
import { ExportMenu } from '../kit/export-menu.tsx';
import { selectedRows, toggleSelected } from '../kit/selected-rows.ts';
import { curlCommand } from './copy/curl-command.ts';

export function DetailActions({ flow }: { flow: Flow }) {
  const [showCurl, setShowCurl] = useState(false);
  const { row } = flow;
  const curl = row.event === 'websocket' ? null : curlCommand(flow);
  const isChosen = selectedRows.value.some(({ at }) => at === row.at);
  const isPinned = page.value.compare?.at === row.at;
  return (
    <>
      <div class="record-actions">
        <label class="choose">
          <input type="checkbox" checked={isChosen} onChange={() => toggleSelected(row)} />
          Add to selection
        </label>
        {curl !== null && (
          <button
            type="button"
            class="small"
            aria-expanded={showCurl}
            onClick={() => setShowCurl(!showCurl)}
          >
            As cURL
          </button>
        )}
        <button
          type="button"
          class="small"
          aria-pressed={isPinned}
          onClick={() => updatePage({ compare: isPinned ? null : { id: row.id, at: row.at } })}
        >
          Compare with…
        </button>
        <ExportMenu row={row} />
      </div>
      {isPinned && (
        <p class="pinned" role="status">
          Kept for comparison: open another row, and the two stand side by side.
        </p>
      )}
      {showCurl && curl !== null && (
        <div class="curl">
          <div class="body-bar">
            <span>{curl.notes.join(' ') || 'The request as a command of curl'}</span>
            <CopyButton text={curl.command} label="Copy command" />
          </div>
          <pre>{curl.command}</pre>
        </div>
      )}
    </>
  );
}
