// The body of a request that changes the policy → what is meant, or what is wrong with it. Pure. Beside
// the entry itself: whether it is a trial, and for which text of the file it was made.

import { POLICY_FILES, type PolicyFile } from '../../shared/policy-source.ts';
import type { EditOp } from './edit-plan.ts';
import type { EditFile, EntrySpec } from './policy-edit.ts';
import { readSpec } from './policy-spec.ts';

export type EditAsk = {
  readonly op: EditOp;
  readonly dryRun: boolean;
  readonly etag: string | undefined;
  /** How far a trial looks back, in seconds. */
  readonly windowS: number;
};

type Body = Readonly<Record<string, unknown>>;
type Wrong = { readonly problem: string };

/** A person selects so many in one go. */
const MAX_ENTRIES = 200;
const DAY_S = 86_400;
const MAX_WINDOW_S = 30 * DAY_S;

const FILES: Readonly<Record<string, EditFile>> = {
  enforce: 'enforce.yaml',
  blocklist: 'blocklist.yaml',
};

/** `POST /api/policy/{list}/{action}`: one entry, or several as `entries`. */
export function readEdit(
  list: string,
  action: string,
  body: Body | null,
  ifMatch: string | undefined,
): EditAsk | Wrong {
  const file = FILES[list];
  if (file === undefined) return { problem: 'there is no such list' };
  const kind = action === 'remove' ? 'remove' : 'add';
  const { dry_run, etag, window_s, entries, ...entry } = body ?? {};
  const common = readCommon({ dry_run, etag, window_s }, ifMatch);
  if ('problem' in common) return common;
  if (entries !== undefined && Object.keys(entry).length > 0) {
    return { problem: 'entries stands alone: no other entry beside it' };
  }
  const given = entries === undefined ? [body === null ? null : entry] : entries;
  if (!Array.isArray(given) || given.length === 0 || given.length > MAX_ENTRIES) {
    return { problem: `entries must be a list of 1-${MAX_ENTRIES} entries` };
  }
  const specs: EntrySpec[] = [];
  for (const each of given) {
    const isObject = typeof each === 'object' && each !== null && !Array.isArray(each);
    const spec = readSpec(isObject ? { ...each } : null, kind === 'remove');
    if ('problem' in spec) return spec;
    specs.push(spec);
  }
  return { ...common, op: { kind, file, entries: specs } };
}

/** `POST /api/policy/replace`: the whole text of a file. */
export function readReplace(body: Body | null, ifMatch: string | undefined): EditAsk | Wrong {
  const { file, text, ...rest } = body ?? {};
  const common = readCommon(rest, ifMatch);
  if ('problem' in common) return common;
  if (!isPolicyFile(file)) {
    return { problem: `file must be one of ${POLICY_FILES.slice(1).join(', ')}` };
  }
  if (typeof text !== 'string') return { problem: 'text must be text' };
  return { ...common, op: { kind: 'replace', file, text } };
}

/** `POST /api/policy/undo`: which change is taken back. */
export function readUndo(
  body: Body | null,
): { readonly file: PolicyFile; readonly etag: string; readonly to: string } | Wrong {
  const { file, etag, to } = body ?? {};
  if (!isPolicyFile(file)) return { problem: 'file must be a policy file' };
  if (typeof etag !== 'string' || typeof to !== 'string' || !isHash(etag) || !isHash(to)) {
    return { problem: 'etag and to must be the hashes that the change gave' };
  }
  return { file, etag, to };
}

function readCommon(body: Body, ifMatch: string | undefined): Omit<EditAsk, 'op'> | Wrong {
  const { dry_run = false, etag: inBody, window_s = DAY_S, ...others } = body;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) return { problem: `unknown member ${JSON.stringify(unknown)}` };
  if (typeof dry_run !== 'boolean') return { problem: 'dry_run must be true or false' };
  const etag = inBody ?? ifMatch?.trim().replace(/^"(.*)"$/, '$1');
  if (etag !== undefined && (typeof etag !== 'string' || (etag !== '' && !isHash(etag)))) {
    return { problem: 'etag must be the hash that GET /api/policy gives for the file' };
  }
  const windowS = Number(window_s);
  if (!(windowS >= 60 && windowS <= MAX_WINDOW_S)) {
    return { problem: `window_s must be 60-${MAX_WINDOW_S}` };
  }
  return { dryRun: dry_run, etag, windowS };
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The mode is no text to edit: it has a route of its own. */
function isPolicyFile(file: unknown): file is PolicyFile {
  return file !== 'mode' && POLICY_FILES.some((name) => name === file);
}
