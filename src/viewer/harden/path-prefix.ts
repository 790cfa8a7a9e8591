// Path of a request → the prefix that a rule for it and its like would have. Pure. Ids are where paths
// of one kind begin to differ: a prefix ends before the first one.

/** So many names deep two paths of an API are still alike. */
const MAX_DEPTH = 3;
const MAX_CHARS = 120;

const IDS = [
  /^\d+$/,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  // Hashes, and digests with a name in front.
  /^(?:sha256[:-]|v)?[0-9a-f]{7,}$/i,
  /^\d{4}-\d{2}-\d{2}/,
  // What no person typed: long, or letters and digits in turn.
  /^.{33,}$/,
  /^(?=(?:.*\d){3})(?=.*[A-Za-z])[A-Za-z0-9_-]{12,}$/,
];

/** `cut`: there is more of the path, so that the prefix stands for several. */
export type Prefix = { readonly prefix: string; readonly cut: boolean };

/** `/repos/acme/app/issues/12` → `/repos/acme/app/`. Of a path without ids that is short: all of it. */
export function pathPrefix(path: string): Prefix {
  const segments = path.split('/').slice(1);
  let kept = segments.findIndex((segment) => IDS.some((id) => id.test(segment)));
  if (kept < 0) kept = segments.length;
  kept = Math.min(kept, MAX_DEPTH);
  while (kept > 0 && segments.slice(0, kept).join('/').length >= MAX_CHARS) kept -= 1;
  if (kept === segments.length) return { prefix: path, cut: false };
  // `/a/` has an empty last segment; what ends there is whole.
  const prefix = kept === 0 ? '/' : `/${segments.slice(0, kept).join('/')}/`;
  return { prefix, cut: prefix !== path };
}
