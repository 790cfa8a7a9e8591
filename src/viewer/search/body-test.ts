// Whether the bodies of a record hold what `body:` asks for: the copies in the record itself, and those
// that left as `part` records or as pieces of a WebSocket message. A text may begin in one part and end
// in the next. Memory is bounded by one part and the length of the text.

import type { AuditRecord } from '../../shared/audit-event.ts';
import type { Query } from '../../shared/query.ts';
import { hasBody } from '../store/row-match.ts';
import type { Position } from '../store/segment-reader.ts';
import type { PartReader } from './hit-test.ts';

type BodyTerm = { readonly texts: readonly string[]; readonly negated: boolean };

export class BodyTest {
  readonly #terms: readonly BodyTerm[];
  readonly #texts: readonly string[];
  readonly #parts: PartReader;

  constructor(query: Query, parts: PartReader) {
    this.#terms = query.terms
      .filter(({ field }) => field === 'body')
      .map(({ values, negated }) => ({
        texts: values.map((value) => value.toLowerCase()),
        negated,
      }));
    this.#texts = [...new Set(this.#terms.flatMap(({ texts }) => texts))];
    this.#parts = parts;
  }

  /** Reads parts only where the record says that there are some, and until all texts are found. */
  async holds(record: AuditRecord, place: Position): Promise<boolean> {
    const found = new Set(this.#texts.filter((text) => hasBody(record, text)));
    if (found.size < this.#texts.length && partCount(record) > 0) {
      await this.#readParts(record, place, found);
    }
    return this.#terms.every(
      ({ texts, negated }) => texts.some((text) => found.has(text)) !== negated,
    );
  }

  async #readParts(record: AuditRecord, place: Position, found: Set<string>): Promise<void> {
    // Parts come newest first: the beginning of the later one is put behind the end of the earlier.
    const heads = new Map<string, string>();
    const longest = Math.max(...this.#texts.map((text) => text.length));
    for await (const part of this.#parts(record, place)) {
      const side = String(part.dir ?? part.direction);
      const text = bodyText(part);
      const joined = text + (heads.get(side) ?? '');
      for (const wanted of this.#texts) if (joined.includes(wanted)) found.add(wanted);
      if (found.size === this.#texts.length) return;
      heads.set(side, joined.slice(0, longest));
    }
  }
}

/** How many other records hold the bodies of this one, by its own word. */
export function partCount(record: Readonly<Record<string, unknown>>): number {
  return [record.req_parts, record.res_parts, record.parts].reduce<number>(
    (sum, stated) => sum + (typeof stated === 'number' && stated > 0 ? Math.floor(stated) : 0),
    0,
  );
}

function bodyText(part: AuditRecord): string {
  if (typeof part.body !== 'string') return '';
  const isBase64 = part.encoding === 'base64';
  const copy = isBase64 ? Buffer.from(part.body, 'base64').toString('latin1') : part.body;
  return copy.toLowerCase();
}
