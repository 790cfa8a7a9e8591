// What docs/reference.md says of each route of the viewer.

export type RouteText = {
  /** As the application has them: method and pattern. */
  readonly routes: readonly string[];
  /** Parameters, as they stand in an address. */
  readonly ask?: string;
  readonly gives: string;
};

export const ROUTE_TEXTS: readonly RouteText[] = [
  {
    routes: ['GET /api/logs'],
    ask: '?q=&limit=&before=&after=&order=',
    gives:
      'rows, newest first. `limit` 1-1000. `before`: a cursor, a number of a record, or `t` and seconds since 1970; ' +
      '`after`: a cursor; `order=oldest`: the rows next behind `after`. With the rows `cursor` and `more` (older: ' +
      '`before`), `newer` (`after` with `order=oldest`), `newest`, `searchedBackTo`, `notes`, `skipped`. The ' +
      "original's `client`, `class`, `internet_only` and `would_block` are terms of the query",
  },
  {
    routes: ['GET /api/logs/:id'],
    ask: '?at=&redact=',
    gives: 'one flow: row, headers, bodies, messages',
  },
  {
    routes: ['GET /api/logs/:id/proof'],
    ask: '?at=',
    gives:
      '`{file, segment, offset, seq, hash, prev, before, after, links, checkpoint: {seq, key, signature, chain, ' +
      'walked}, whole, summary}`; `links`: `good`, `bad`, `unknown`',
  },
  {
    routes: ['GET /api/logs/:id/why'],
    ask: '?at=',
    gives:
      '`{recorded, now, changed, note, problem, entry: {allow, block}}`; `now` is null where nothing can be asked',
  },
  {
    routes: ['GET /api/stream'],
    ask: '?q=&after=',
    gives: 'server-sent events: `rows`, `gap`, `meta`',
  },
  {
    routes: ['GET /api/histogram'],
    ask: '?q=&buckets=&since=&until=',
    gives:
      '`{from, to, bucket_s, buckets: [{ts, counts}], complete, searched_back_to}`; `buckets` 1-240',
  },
  {
    routes: ['GET /api/facets'],
    ask: '?q=&fields=&limit=&prefix=',
    gives:
      '`{fields: {host: [{value, count}]}, total, complete, searched_back_to}`; fields: class, host, client, agent, ' +
      'method, status, reason, port, event, rule; `limit` 1-100',
  },
  {
    routes: ['GET /api/export.jsonl', 'GET /api/export.har'],
    gives:
      '`q` and `limit`, or `id` and `at`, or `ids` (`at` of rows, separated by commas); `redact=0` keeps credentials ' +
      'in HAR',
  },
  {
    routes: ['GET /api/meta', 'GET /api/state'],
    gives: 'what stands round the list; the state of things',
  },
  { routes: ['GET /api/access'], gives: '`{may_change, reason}`' },
  {
    routes: ['GET /api/mode', 'PUT /api/mode', 'POST /api/mode'],
    gives: 'the mode; `{mode}` sets it, `dry_run` tries it',
  },
  { routes: ['GET /api/policy'], gives: 'files as text, and `etags`, the SHA-256 of each' },
  {
    routes: ['POST /api/policy/{enforce,blocklist}/{add,remove}'],
    gives:
      'one entry, or `entries: […]` (200); remove also takes `line`. See [policy.md](policy.md)',
  },
  {
    routes: ['POST /api/policy/replace'],
    gives: '`{file, text}`; mistakes as `problems` with line and column',
  },
  {
    routes: ['POST /api/policy/undo'],
    gives: 'what a change gave as `undo`: `{file, etag, to}`',
  },
  {
    routes: ['GET /api/policy/history'],
    ask: '?before=&limit=',
    gives: 'changes on the record, newest first; `cursor` for older ones',
  },
  {
    routes: ['GET /api/policy/grants', 'GET /api/policy/options'],
    gives:
      'entries with an end; for one request (`host`, `port`, `method`, `url`, `agent`, `class`, `reason`): widths, ' +
      'prefixes, the entries that decide it',
  },
  {
    routes: ['GET /api/backlog'],
    ask: '?since=7d&before=',
    gives:
      'groups of one part of the log; with `cursor` there is more, and the groups of the parts add up',
  },
  { routes: ['POST /api/login'], gives: '`{token}`: a session' },
  { routes: ['GET /metrics'], gives: 'for Prometheus' },
  {
    routes: ['GET /healthz', 'GET /readyz', 'GET /api/health'],
    gives:
      'whether the viewer lives; whether leash serves (503: `problems` says why not); both in one. For everybody',
  },
  {
    routes: ['GET /ca.pem', 'GET /ca.crt', 'GET /ca-bundle.pem'],
    gives: 'the certificates to trust, see [ca.md](ca.md). For everybody',
  },
  {
    routes: ['GET /trust.sh', 'GET /env.sh', 'GET /doctor.sh', 'GET /proxy.pac'],
    gives: 'what makes a machine use and trust leash. For everybody',
  },
  { routes: ['GET /*'], gives: 'the page and its files' },
];

/** A pattern of the application → as it stands in the texts. */
export function shownPattern(method: string, pattern: string): string {
  const plain = pattern.replace(
    /:\w+\{([^}]+)\}/g,
    (_, words: string) => `{${words.replaceAll('|', ',')}}`,
  );
  return `${method} ${plain}`;
}
