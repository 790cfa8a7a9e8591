// A name server for `*.test` names on a UDP port of 127.0.0.1. It logs each query, so that a test
// can say that there was none.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4, isIPv6 } from 'node:net';
import { portOf } from './free-port.ts';

export type DnsQuery = { readonly name: string; readonly type: 'A' | 'AAAA' | 'other' };

export type Dns = {
  readonly port: number;
  /** For LEASH_DNS. */
  readonly address: string;
  readonly queries: DnsQuery[];
  /** Addresses of a name from now on; a test of rebinding changes them between two queries. */
  set(name: string, addresses: readonly string[]): void;
  close(): Promise<void>;
};

const TYPE_A = 1;
const TYPE_AAAA = 28;
const NXDOMAIN = 3;
/** A pointer to the name in the question, which starts after the 12 bytes of the header (RFC 1035, 4.1.4). */
const NAME_POINTER = 0xc00c;

/** Names that are not in the map do not exist (NXDOMAIN). `*.x` answers for all names below x. */
export async function startDns(names: Readonly<Record<string, readonly string[]>>): Promise<Dns> {
  const table = new Map(Object.entries(names));
  const queries: DnsQuery[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const question = readQuestion(query);
    if (question === null) return;
    queries.push({ name: question.name, type: question.type });
    const addresses = table.get(question.name) ?? table.get(wildcardOf(question.name));
    socket.send(answerTo(query, question, addresses), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const port = portOf(socket.address());
  return {
    port,
    address: `127.0.0.1:${port}`,
    queries,
    set: (name, addresses) => void table.set(name, addresses),
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

type Question = DnsQuery & { readonly end: number };

function readQuestion(query: Buffer): Question | null {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]; length !== 0; length = query[at]) {
    if (length === undefined || length > 63) return null;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (query.length < at + 5) return null;
  const code = query.readUInt16BE(at + 1);
  const type = code === TYPE_A ? 'A' : code === TYPE_AAAA ? 'AAAA' : 'other';
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function answerTo(
  query: Buffer,
  question: Question,
  addresses: readonly string[] | undefined,
): Buffer {
  const fits = question.type === 'A' ? isIPv4 : question.type === 'AAAA' ? isIPv6 : () => false;
  const answers = (addresses ?? []).filter((address) => fits(address)).map(addressRecord);
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  // Response, recursion desired and available (RFC 1035, 4.1.1).
  header.writeUInt16BE(0x8180 | (addresses === undefined ? NXDOMAIN : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, query.subarray(12, question.end), ...answers]);
}

function addressRecord(address: string): Buffer {
  const data = isIPv4(address)
    ? Buffer.from(address.split('.').map(Number))
    : Buffer.from(ipv6Groups(address).flatMap((group) => [group >> 8, group & 255]));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(NAME_POINTER, 0);
  head.writeUInt16BE(isIPv4(address) ? TYPE_A : TYPE_AAAA, 2);
  head.writeUInt16BE(1, 4);
  // Lifetime 0 (bytes 6 to 9): nobody may keep an answer.
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** Eight groups of an IPv6 address; `::` filled, no dotted tail. */
function ipv6Groups(address: string): number[] {
  const [left = '', right] = address.split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const head = groups(left);
  const tail = groups(right ?? '');
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function wildcardOf(name: string): string {
  return `*.${name.split('.').slice(1).join('.')}`;
}
