// The copy of one body, from the record itself or from its `part` records, as it is shown. No I/O.

import { Buffer } from 'node:buffer';
import { parseCodings } from '../decode/content-coding.ts';
import type { Decode } from '../decode/decoder.ts';

import { count, text } from './field.ts';

export type Body = {
  /** Text, or base64 where it is not valid UTF-8. */
  text: string;
  encoding: 'utf8' | 'base64';
  /** Bytes of the copy on the log, and how many of them are here. */
  captured_bytes: number;
  shown_bytes: number;
  /** Bytes on the wire; null when the record does not say. */
  wire_bytes: number | null;
  sha256: string;
  /** Why the copy is shorter than the body: empty = it is not. */
  truncated: string;
  /** Content coding that was undone, for the copy or for this text; empty = as on the wire. */
  decoded: string;
  /** Bytes of `text` where its coding was undone here; 0 = it was not. */
  decoded_bytes: number;
  /** The decoded text goes on: it is too long to be shown, or the copy is damaged behind this. */
  decoded_cut: boolean;
  /** Parts that should be there and were not found. */
  missing_parts: number;
};

export type Part = { readonly offset: number; readonly bytes: Buffer };
type Fields = Readonly<Record<string, unknown>>;

/** What a page can show without choking; the log holds the rest. */
export const MAX_SHOWN_BYTES = 4 * 1024 * 1024;

/** A `part` record → its piece, or null when it is beyond what is shown. */
export function toPart(record: Fields): Part | null {
  const offset = typeof record.offset === 'number' ? record.offset : 0;
  if (offset < 0 || offset >= MAX_SHOWN_BYTES) return null;
  return { offset, bytes: toBytes(record.body, record.encoding) };
}

/** The last record of a flow, a direction, and the parts found → the body. */
export function joinCapture(record: Fields, side: 'req' | 'res', parts: readonly Part[]): Body {
  const stated = count(record[`${side}_parts`]);
  const pieces =
    parts.length > 0 || stated > 0
      ? [...parts].sort((a, b) => a.offset - b.offset)
      : [{ offset: 0, bytes: toBytes(record[`${side}_body`], record[`${side}_encoding`]) }];
  const whole: Buffer[] = [];
  let end = 0;
  for (const piece of pieces) {
    // A gap would put bytes where they were not: what follows one is not shown.
    if (piece.offset !== end) break;
    whole.push(piece.bytes);
    end += piece.bytes.length;
  }
  const shown = Buffer.concat(whole).subarray(0, MAX_SHOWN_BYTES);
  const truncated = record[`${side}_truncated`];
  const wire = record[side === 'req' ? 'req_bytes' : 'bytes'];
  return {
    ...encode(shown),
    captured_bytes: Math.max(end, ...pieces.map((piece) => piece.offset + piece.bytes.length)),
    shown_bytes: shown.length,
    wire_bytes: typeof wire === 'number' ? wire : null,
    sha256: text(record[`${side}_sha256`]),
    truncated: truncated === true ? 'limit' : text(truncated),
    decoded: text(record[`${side}_decoded`]),
    decoded_bytes: 0,
    decoded_cut: false,
    missing_parts: Math.max(0, Math.min(stated, shownParts(stated, pieces)) - whole.length),
  };
}

/** A body as it was on the wire, and its `Content-Encoding` → the same with a text to read. */
export async function decodeBody(
  body: Body,
  contentEncoding: string,
  decode: Decode,
): Promise<Body> {
  const codings = body.decoded === '' ? parseCodings(contentEncoding) : [];
  if (codings.length === 0 || body.shown_bytes === 0) return body;
  const wire = Buffer.from(body.text, body.encoding);
  const decoded = await decode({ bytes: wire, codings, maxBytes: MAX_SHOWN_BYTES });
  if (decoded === null) return body;
  return {
    ...body,
    ...encode(decoded.bytes),
    decoded: codings.join(', '),
    decoded_bytes: decoded.bytes.length,
    decoded_cut: decoded.isCut,
  };
}

/** How many parts a page can hold: those beyond its limit are not missing. */
function shownParts(stated: number, pieces: readonly Part[]): number {
  const end = pieces.reduce((most, piece) => Math.max(most, piece.offset + piece.bytes.length), 0);
  return end >= MAX_SHOWN_BYTES ? pieces.length : stated;
}

function encode(bytes: Buffer): { text: string; encoding: 'utf8' | 'base64' } {
  try {
    // `stream`: a copy may end in the middle of a character.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const decoded = decoder.decode(bytes, { stream: true });
    if (!decoded.includes('\0')) return { text: decoded, encoding: 'utf8' };
  } catch {
    // Not UTF-8: shown as bytes.
  }
  return { text: bytes.toString('base64'), encoding: 'base64' };
}

function toBytes(body: unknown, encoding: unknown): Buffer {
  return Buffer.from(text(body), encoding === 'base64' ? 'base64' : 'utf8');
}
