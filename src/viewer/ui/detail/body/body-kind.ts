// What a body is, for showing it: by its content type, and by its first characters where that says
// nothing. Pure. A label may lie: each kind falls back to text where the content does not fit.

import type { Body } from '../../../store/capture-join.ts';
import { boundaryOf } from './form.ts';
import { looksLikeJson } from './pretty-json.ts';

export type BodyKind = 'json' | 'lines' | 'events' | 'form' | 'multipart' | 'text' | 'bytes';

export const KIND_LABELS: Readonly<Record<BodyKind, string>> = {
  json: 'JSON',
  lines: 'JSON lines',
  events: 'Event stream',
  form: 'Form',
  multipart: 'Form with parts',
  text: 'Text',
  bytes: 'Bytes',
};

const LINES = /^application\/(?:x-)?(?:ndjson|jsonl|json-seq|jsonlines|json-lines)\b/;

export function kindOf({ text, encoding }: Body, contentType: string): BodyKind {
  const type = contentType.trim().toLowerCase();
  if (type.startsWith('multipart/') && boundaryOf(contentType) !== '') return 'multipart';
  if (encoding === 'base64') return 'bytes';
  if (type.startsWith('text/event-stream')) return 'events';
  if (LINES.test(type)) return 'lines';
  if (type.startsWith('application/x-www-form-urlencoded') && isForm(text)) return 'form';
  if (looksLikeJson(text)) return isLines(text) ? 'lines' : 'json';
  return /^(?:event|data|id|retry)?:[^\n]*\n(?:[^\n]*\n)*\n/.test(text.slice(0, 4096)) &&
    text.includes('data:')
    ? 'events'
    : 'text';
}

/** curl says `form` of whatever it sends. */
function isForm(text: string): boolean {
  return !/[\s{}<>"]/.test(text.trim().slice(0, 4096));
}

/** Two lines or more of which each of the first is a whole object. */
function isLines(text: string): boolean {
  const [first = '', second = ''] = text.slice(0, 64 * 1024).split('\n', 2);
  return isObject(first) && isObject(second);
}

function isObject(line: string): boolean {
  return /^\{.*\}\s*$/.test(line);
}
