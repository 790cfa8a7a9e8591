// Downloads of the log: the open record, the rows put aside, or all that the query finds. Links to the
// server's own routes, made of places and the query alone.

import { page } from './app-state.ts';
import { Menu } from './menu.tsx';
import type { Selection } from './page-state.ts';
import { selectedRows } from './selected-rows.ts';

export function ExportMenu({ row }: { row?: Selection }) {
  const { q, redact } = page.value;
  const chosen = selectedRows.value;
  const some = new URLSearchParams({ ids: chosen.map(({ at }) => at).join(',') });
  const query = new URLSearchParams({ q });
  return (
    <Menu label="Export" panel="export-panel" isSmall>
      {() => (
        <>
          {row && (
            <Downloads
              title="This record"
              params={new URLSearchParams({ id: row.id, at: row.at })}
              redact={redact}
            />
          )}
          {chosen.length > 0 && (
            <Downloads title={`The ${chosen.length} selected`} params={some} redact={redact} />
          )}
          <Downloads
            title={q === '' ? 'The whole log' : 'All that the query finds'}
            params={query}
            redact={redact}
          />
          <p class="hint">
            HAR: {redact ? 'credentials in headers hidden' : 'credentials included'}, bodies joined,
            at most 10,000 requests. NDJSON: the lines as they are on the log, credentials included.
            Newest first. Click rows with Ctrl or Shift, or press <kbd>s</kbd>, to select them.
          </p>
        </>
      )}
    </Menu>
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
