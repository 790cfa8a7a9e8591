// What the page asks for first. The server knows it from the page's address, and has the browser fetch
// it while the page's own program is still on its way.

/** Rows that are fetched at once. */
export const PAGE_ROWS = 200;

/** What finds the newest rows of a query. */
export function pageParams(q: string): { limit: string; q?: string } {
  return { limit: String(PAGE_ROWS), ...(q !== '' && { q }) };
}

/** Text after `?` in the page's address → the first request of the page; null where it shows no rows. */
export function firstRequest(search: string): string | null {
  const params = new URLSearchParams(search);
  if (params.has('view')) return null;
  return `/api/logs?${new URLSearchParams(pageParams(params.get('q') ?? ''))}`;
}
