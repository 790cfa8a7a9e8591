// The text of an HTTP Archive, entry by entry, so that no more than one is held. Pure but for the flows
// that it is given.

import { visibleJson } from '../../shared/visible-text.ts';
import type { Flow } from '../store/flow.ts';
import { isRequest, toHarEntry } from './har-entry.ts';

export type HarSource = {
  /** Newest first; null: the record was not found any more. */
  readonly flows: AsyncIterable<Flow | null>;
  /** Asked at the end: whether there was more than the limit. */
  readonly isCut: () => boolean;
  readonly limit: number;
};

export async function* harText(
  creator: { readonly name: string; readonly version: string },
  { flows, isCut, limit }: HarSource,
): AsyncGenerator<string> {
  yield `{"log":{"version":"1.2","creator":${visibleJson(creator)},"entries":[`;
  let count = 0;
  let others = 0;
  let gone = 0;
  for await (const flow of flows) {
    if (flow === null) gone += 1;
    else if (!isRequest(flow)) others += 1;
    else {
      yield `${count === 0 ? '' : ','}\n${visibleJson(toHarEntry(flow))}`;
      count += 1;
    }
  }
  const notes = [
    'newest first',
    isCut() ? `cut: the query has more than ${limit} records, these are the newest` : '',
    others > 0 ? `${others} records that are no requests are left out` : '',
    gone > 0 ? `${gone} records were not found any more` : '',
  ];
  const comment = notes.filter((note) => note !== '').join('; ');
  yield `\n],"comment":${visibleJson(comment)}}}\n`;
}
