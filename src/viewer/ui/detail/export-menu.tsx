// Downloads of the record: this row, the rows put aside, or all that the query finds. Links to the
// server's own routes, made of places and the query alone.

import { page, selectedRows } from '../kit/app-state.ts';
import type { Selection } from '../kit/page-state.ts';

export function ExportMenu({ row }: { row: Selection }) {
  const { q, redact } = page.value;
  const chosen = selectedRows.value;
  const one = new URLSearchParams({ id: row.id, at: row.at });
  const some = new URLSearchParams({ ids: chosen.map(({ at }) => at).join(',') });
  const query = new URLSearchParams({ q });
  return (
    <details class="export-menu">
      <summary class="button small">Export</summary>
      <div class="menu-box">
        <Downloads title="This record" params={one} redact={redact} />
        {chosen.length > 0 && (
          <>
            <Downloads title={`The ${chosen.length} selected`} params={some} redact={redact} />
            <button
              type="button"
              class="link"
              onClick={() => {
                selectedRows.value = [];
              }}
            >
              Clear the selection
            </button>
          </>
        )}
        <Downloads
          title={q === '' ? 'The whole log' : 'All that the query finds'}
          params={query}
          redact={redact}
        />
        <p class="hint">
          HAR: {redact ? 'credentials in headers hidden' : 'credentials included'}, bodies joined,
          at most 10,000 requests. NDJSON: the lines as they are on the log, credentials included.
          Newest first.
        </p>
      </div>
    </details>
  );
}

type DownloadsProps = { title: string; params: URLSearchParams; redact: boolean };

function Downloads({ title, params, redact }: DownloadsProps) {
  const har = new URLSearchParams(params);
  if (!redact) har.set('redact', '0');
  return (
    <div class="menu-row">
      <span>{title}</span>
      <a href={`/api/export.har?${har}`} download>
        HAR
      </a>
      <a href={`/api/export.jsonl?${params}`} download>
        NDJSON
      </a>
    </div>
  );
}
