// What the index answers: values of fields, and the log by time. Types only.

import type { QueryField } from '../../../shared/query.ts';
import type { RowClass } from '../../store/row.ts';

export type ValueCount = { readonly value: string; readonly count: number };
/** How far an answer goes; not complete: older records were not counted. */
export type Counted = {
  readonly complete: boolean;
  /** Seconds since 1970. */
  readonly searched_back_to: number | null;
};
export type Facets = Counted & {
  readonly fields: Partial<Readonly<Record<QueryField, readonly ValueCount[]>>>;
  readonly total: number;
};
export type Bucket = {
  /** Seconds since 1970, where it begins. */
  readonly ts: number;
  readonly counts: Partial<Readonly<Record<RowClass, number>>>;
};
export type Histogram = Counted & {
  readonly from: number;
  readonly to: number;
  readonly bucket_s: number;
  readonly buckets: readonly Bucket[];
};
