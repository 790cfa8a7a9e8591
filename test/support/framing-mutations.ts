// Requests whose end two parsers may see in two places: Transfer-Encoding × Content-Length × line
// endings. Each carries a second request in what one of the readings takes for the body. Tables only.

/** A request that nobody may ever see as one: wherever it is taken for one, it is refused. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: smuggled.test\r\n\r\n';

export type Mutation = {
  readonly name: string;
  /** Header lines, without their ends. */
  readonly lines: readonly string[];
  readonly body: string;
  readonly version?: '1.0' | '1.1';
  /** The whole text, before it is sent. */
  readonly rewrite?: (text: string) => string;
  /** It is not whole: the client ends behind it. */
  readonly end?: boolean;
};

export type Shape = {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly absolute: boolean;
};

/** The bytes: in absolute form, or in origin form for a tunnel. */
export function renderMutation(
  mutation: Mutation,
  { method, host, path, absolute }: Shape,
): string {
  const { lines, body, version = '1.1', rewrite } = mutation;
  const target = absolute ? `http://${host}${path}` : path;
  const head = [`${method} ${target} HTTP/${version}`, `Host: ${host}`, ...lines, '', ''].join(
    '\r\n',
  );
  return (rewrite ?? ((text) => text))(head + body);
}

/** Behind the last chunk: for a reader of chunks who stands before a reader of lengths. */
const TAIL = `0\r\n\r\n${SMUGGLED}`;
const FIRST_LINE = `${SMUGGLED.length.toString(16)}\r\n`;
/** Inside a chunk: the other way round, where Content-Length covers the size only. */
const INSIDE = `${FIRST_LINE}${SMUGGLED}\r\n0\r\n\r\n`;
const BODIES = [
  { name: 'tail', body: TAIL, n: TAIL.length },
  { name: 'inside', body: INSIDE, n: FIRST_LINE.length },
] as const;

const CODING_VALUES = [
  ...[
    'chunked',
    'Chunked',
    'CHUNKED',
    ' chunked',
    '\tchunked',
    'chunked ',
    'chunked\t',
    'chunked,',
  ],
  ...[',chunked', ', chunked', 'x, chunked', 'identity, chunked', 'identity', 'gzip', 'deflate'],
  ...['gzip, chunked', 'chunked, gzip', 'chunked, identity', 'chunked, chunked', 'xchunked'],
  ...[
    'chunkedx',
    'chunke',
    'chunked\x0b',
    '\x0bchunked',
    'chunked\x0c',
    'chunked\x00',
    '"chunked"',
  ],
  ...["'chunked'", 'chunked;q=1', 'chunked;', '', 'chun\xffked', '\xa0chunked', 'chunked\x85'],
];
const CODINGS: readonly (readonly string[])[] = [
  [],
  ...CODING_VALUES.map((value) => [`Transfer-Encoding: ${value}`]),
  ['transfer-encoding:chunked'],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  ['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'],
  ['Transfer-Encoding:\r\n chunked'],
  ['Transfer-Encoding: chunked\r\n '],
  ['Transfer-Encoding : chunked'],
  ['Transfer-Encoding\t: chunked'],
  [' Transfer-Encoding: chunked'],
  ['Transfer_Encoding: chunked'],
  ['Transfer.Encoding: chunked'],
  ['Transfer-Encoding\x00: chunked'],
  ['X: y\rTransfer-Encoding: chunked'],
  ['X: y\nTransfer-Encoding: chunked'],
  ['Connection: Transfer-Encoding', 'Transfer-Encoding: chunked'],
  ['Connection: close, transfer-encoding', 'Transfer-Encoding: chunked'],
  ['TE: chunked', 'Trailer: Content-Length'],
];

const LENGTH_VALUES: readonly ((n: number) => string)[] = [
  ...[(n: number) => `+${n}`, (n: number) => `-${n}`, (n: number) => `000${n}`, () => '+0'],
  ...[(n: number) => `${n}, ${n}`, () => '0, 0', (n: number) => `${n},`, (n: number) => `,${n}`],
  ...[(n: number) => `0x${n.toString(16)}`, () => '0x0', () => '99999999999999999999', () => ''],
  ...[() => '18446744073709551616', (n: number) => `${n}\x0b`, (n: number) => `${n}\x00`],
  ...[(n: number) => `${n};`, (n: number) => `${n}.0`, () => '1e1', (n: number) => `${n} ${n}`],
  ...[(n: number) => `"${n}"`, (n: number) => `${n} `, (n: number) => `\t${n}`, () => 'none'],
];
type Lengths = (n: number) => readonly string[];
const LENGTHS: readonly Lengths[] = [
  ...LENGTH_VALUES.map(
    (value): Lengths =>
      (n) => [`Content-Length: ${value(n)}`],
  ),
  (n) => [`Content-Length:\r\n ${n}`],
  (n) => [`Content-Length: ${n}\r\n `],
  (n) => [`Content-Length : ${n}`],
  (n) => [` Content-Length: ${n}`],
  (n) => [`Content_Length: ${n}`],
  (n) => [`Content.Length: ${n}`],
  (n) => [`Content-Length\x00: ${n}`],
  (n) => [`X: y\rContent-Length: ${n}`],
  (n) => [`X: y\nContent-Length: ${n}`],
  (n) => ['Connection: Content-Length', `Content-Length: ${n}`],
  (n) => ['Connection: close, content_length', `Content-Length: ${n}`],
  (n) => [`Content-Length: ${n}`, 'Content-Length: 0'],
  (n) => ['Content-Length: 0', `content-length: ${n}`],
];
const CORE_LENGTHS: readonly Lengths[] = [
  () => [],
  (n) => [`Content-Length: ${n}`],
  () => ['Content-Length: 0'],
  (n) => [`Content-Length: ${n}`, `Content-Length: ${n}`],
];
const CORE_CODINGS = [[], ['Transfer-Encoding: chunked'], ['Transfer-Encoding: identity']] as const;

const ENDINGS: readonly (readonly [string, (text: string) => string])[] = [
  ['LF only', (text) => text.replaceAll('\r\n', '\n')],
  ['CR only', (text) => text.replaceAll('\r\n', '\r')],
  ['LF CR', (text) => text.replaceAll('\r\n', '\n\r')],
  ['CR CR LF', (text) => text.replaceAll('\r\n', '\r\r\n')],
  ['LF behind the request line', (text) => text.replace('\r\n', '\n')],
  ['CR behind the request line', (text) => text.replace('\r\n', '\r')],
  ['the head ends in LF LF', (text) => text.replace('\r\n\r\n', '\n\n')],
  ['the head ends in CR LF LF', (text) => text.replace('\r\n\r\n', '\r\n\n')],
  ['the head ends in LF CR LF', (text) => text.replace('\r\n\r\n', '\n\r\n')],
  ['the head ends in CR LF CR X', (text) => text.replace('\r\n\r\n', '\r\n\rX')],
  ['a blank line first', (text) => `\r\n${text}`],
  ['blank at the end of the head', (text) => text.replace('\r\n\r\n', '\r\n \r\n\r\n')],
  ['NUL in the head', (text) => text.replace('\r\n\r\n', '\r\nX: \x00\r\n\r\n')],
  ['CR in a value', (text) => text.replace('\r\n\r\n', '\r\nX: a\rb\r\n\r\n')],
];

export const CODINGS_BY_LENGTHS = matrix(CODINGS, CORE_LENGTHS);
export const LENGTHS_BY_CODINGS = matrix(CORE_CODINGS, LENGTHS);
/** An HTTP/1.0 message has no transfer codings. */
export const ON_HTTP_1_0 = matrix(CODINGS, CORE_LENGTHS.slice(0, 2)).map(
  (mutation): Mutation => ({ ...mutation, version: '1.0', name: `1.0 ${mutation.name}` }),
);
export const LINE_ENDINGS = ENDINGS.flatMap(([name, rewrite]) =>
  matrix(CORE_CODINGS.slice(0, 2), CORE_LENGTHS.slice(0, 2)).map(
    (mutation): Mutation => ({ ...mutation, rewrite, name: `${name}: ${mutation.name}` }),
  ),
);

function matrix(codings: readonly (readonly string[])[], lengths: readonly Lengths[]): Mutation[] {
  return codings.flatMap((coding) =>
    lengths.flatMap((length) =>
      BODIES.map(({ name, body, n }): Mutation => {
        const lines = [...coding, ...length(n)];
        return { name: JSON.stringify([name, ...lines]), lines, body };
      }),
    ),
  );
}
