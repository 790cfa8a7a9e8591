import { type FlowEvent, type FlowFields, MAX_RECORD_BYTES } from '../../src/shared/audit-event.ts';
import { formatMembers, MAX_STAMP_BYTES } from '../../src/shared/audit-line.ts';
import type { Verdict } from '../../src/shared/ipc.ts';
import type { OpenRecord, PrimaryLink } from '../../src/worker/primary-link.ts';

export type FakeLink = PrimaryLink & {
  readonly opened: OpenRecord[];
  readonly records: { event: FlowEvent; flow: number; fields: FlowFields }[];
  verdict: Verdict | Promise<Verdict>;
  isFull: boolean;
};

/** A link that remembers what it was told and gives one verdict to all. */
export function fakeLink(): FakeLink {
  let flows = 0;
  const link: FakeLink = {
    opened: [],
    records: [],
    verdict: 'ack',
    isFull: false,
    nextFlow() {
      flows += 1;
      return { number: flows, id: `1-1-${flows}` };
    },
    open(record) {
      link.opened.push(record);
      return Promise.resolve(link.verdict);
    },
    record(event, flow, fields, identity, copied = []) {
      const members = formatMembers(identity ?? {}, fields, ...copied);
      const isTooLong = Buffer.byteLength(members) > MAX_RECORD_BYTES - MAX_STAMP_BYTES;
      const all = Object.entries({ ...identity, ...fields, ...Object.assign({}, ...copied) });
      const kept = Object.fromEntries(
        all.filter(([, value]) => value !== undefined && value !== ''),
      );
      if (!isTooLong) link.records.push({ event, flow, fields: kept });
      return !isTooLong;
    },
    mint: () => Promise.reject(new Error('no mint here')),
    control() {},
    mustCut: () => null,
    refusal: () => (link.isFull ? 'overload' : null),
    setRecord() {},
    setCut() {},
    end: () => Promise.resolve(),
  };
  return link;
}
