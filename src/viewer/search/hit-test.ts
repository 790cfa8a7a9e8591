// Whether a line answers a query: its row, or none. The same test for lines that an index names and for
// those that are read one after the other, so that both give the same rows.

import type { AuditRecord } from '../../shared/audit-event.ts';
import type { Query } from '../../shared/query.ts';
import type { Row } from '../store/row.ts';
import { type Found, RowFilter } from '../store/row-filter.ts';
import type { Position } from '../store/segment-reader.ts';
import { BodyTest } from './body-test.ts';

/** Records of the parts of a body, oldest first or not, as they stand before a place. */
export type PartReader = (record: AuditRecord, place: Position) => AsyncIterable<AuditRecord>;

type Hit = Row | null | Promise<Row | null>;

export class HitTest {
  /** Lines from the end of the log on; knows which flows have ended. */
  readonly #scan: RowFilter;
  /** Lines in any order; shows no flow that is running. */
  readonly #single: RowFilter;
  readonly #query: Query;
  readonly #nowS: number;
  readonly #body: BodyTest | null;

  constructor(query: Query, options: { fromEnd: boolean; nowS: number; parts: PartReader }) {
    const { fromEnd, nowS, parts } = options;
    const isBody = query.terms.some(({ field }) => field === 'body');
    this.#query = { ...query, terms: query.terms.filter(({ field }) => field !== 'body') };
    this.#nowS = nowS;
    this.#scan = new RowFilter(this.#query, { fromEnd, nowS });
    this.#single = new RowFilter(this.#query, { fromEnd: false, nowS });
    this.#body = isBody ? new BodyTest(query, parts) : null;
  }

  /** Time of the last line of the scan. */
  get scannedTs(): number | null {
    return this.#scan.lastTs;
  }

  /** The next older line of a scan. */
  scan(line: Buffer, at: string, place: Position): Hit {
    return this.#withBody(this.#scan.take(line, at), place);
  }

  /** A line by itself. */
  single(line: Buffer, at: string, place: Position): Hit {
    return this.#withBody(this.#single.take(line, at), place);
  }

  /** The line that opened a flow of which it is known that it is running. */
  running(line: Buffer, at: string, place: Position): Hit {
    const filter = new RowFilter(this.#query, { fromEnd: true, nowS: this.#nowS });
    return this.#withBody(filter.take(line, at), place);
  }

  /** Lines that the scan passes over: flows of which this says so have ended in them. */
  skip(hasEnded: (id: string) => boolean): void {
    this.#scan.skip(hasEnded);
  }

  /** Whether the scan met the end of a flow. */
  hasEnded(id: string): boolean {
    return this.#scan.hasEnded(id);
  }

  #withBody(found: Found | null, place: Position): Hit {
    if (found === null) return null;
    if (this.#body === null) return found.row;
    return this.#body.holds(found.record, place).then((holds) => (holds ? found.row : null));
  }
}
