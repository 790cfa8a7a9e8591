// Path of a request → the prefix that a rule for it and its like would have. Pure. Ids are where paths
// of one kind begin to differ: a prefix ends before the first one.

/** So many names deep two paths of an API are still alike. */
const MAX_DEPTH = 3;
/** No person typed a longer name. */
const MAX_NAME_CHARS = 32;

const IDS = [
  /^\d+$/,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  // Hashes, and digests with a name in front.
  /^(?:sha256[:-]|v)?[0-9a-f]{7,}$/i,
  /^\d{4}-\d{2}-\d{2}/,
  // Letters and digits in turn.
  /^(?=(?:.*\d){3})(?=.*[A-Za-z])[A-Za-z0-9_-]{12,}$/,
];

/** `cut`: there is more of the path, so that the prefix stands for several. */
export type Prefix = { readonly prefix: string; readonly cut: boolean };

/** `/repos/acme/app/issues/12` → `/repos/acme/app/`. Of a path without ids that is short: all of it. */
export function pathPrefix(path: string): Prefix {
  // One more than is kept says whether there are more; a path may have thousands.
  const segments = path.split('/', MAX_DEPTH + 2).slice(1);
  let kept = segments.findIndex(isId);
  if (kept < 0) kept = segments.length;
  kept = Math.min(kept, MAX_DEPTH);
  if (kept === segments.length) return { prefix: path, cut: false };
  // `/a/` has an empty last segment; what ends there is whole.
  const prefix = kept === 0 ? '/' : `/${segments.slice(0, kept).join('/')}/`;
  return { prefix, cut: prefix !== path };
}

function isId(segment: string): boolean {
  return segment.length > MAX_NAME_CHARS || IDS.some((id) => id.test(segment));
}
