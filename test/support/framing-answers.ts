// Answers of an upstream that are wrong, or look it. Tables only.

/** What a client may be given: `failed` = 502 or 504, `cut` = a close in the middle, `true` = it. */
export type Expected = 'failed' | 'cut' | 'true' | 'cut or failed' | 'true or cut';

export type AnswerCase = {
  readonly name: string;
  readonly bytes: string;
  readonly expected: Expected;
  /** Of the true answer. */
  readonly status?: number;
  readonly body?: string;
  readonly method?: string;
  /** The origin closes behind it. */
  readonly end?: boolean;
};

const OK = 'HTTP/1.1 200 OK\r\n';
const LENGTH = 'Content-Length: 5\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const head = (...fields: string[]) => `${OK}${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

const FAILED: readonly (readonly [string, string])[] = [
  ['two lengths', `${head('Content-Length: 5', 'Content-Length: 6')}hello`],
  ['two equal lengths', `${head('Content-Length: 5', 'Content-Length: 5')}hello`],
  ['a list of lengths', `${head('Content-Length: 5, 5')}hello`],
  ['length +5', `${head('Content-Length: +5')}hello`],
  ['length -5', `${head('Content-Length: -5')}hello`],
  ['length 0x5', `${head('Content-Length: 0x5')}hello`],
  ['length 5 and VT', `${head('Content-Length: 5\x0b')}hello`],
  ['a huge length', `${head('Content-Length: 18446744073709551621')}hello`],
  ['length, then chunked', `${OK}${LENGTH}${CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n`],
  ['chunked, then length', `${OK}${CHUNKED}${LENGTH}\r\n5\r\nhello\r\n0\r\n\r\n`],
  ['a folded length', `${head('Content-Length:\r\n 5')}hello`],
  ['a folded field', `${head('Content-Length: 5', 'X: a\r\n b')}hello`],
  ['a folded first field', `${head(' X: a', 'Content-Length: 5')}hello`],
  ['a blank before a colon', `${head('Content-Length : 5')}hello`],
  ['a bare CR in a value', `${head('X: a\rb', 'Content-Length: 5')}hello`],
  ['NUL in a value', `${head('X: a\x00b', 'Content-Length: 5')}hello`],
  ['ESC in a value', `${head('X: a\x1bb', 'Content-Length: 5')}hello`],
  ['NUL in a name', `${head('X\x00Y: a', 'Content-Length: 5')}hello`],
  ['a line that is no field', `${head('hello', 'Content-Length: 5')}hello`],
  ['an empty name', `${head(': a', 'Content-Length: 5')}hello`],
  ['bare LF all over', `${head('Content-Length: 5').replaceAll('\r\n', '\n')}hello`],
  ['bare CR all over', `${head('Content-Length: 5').replaceAll('\r\n', '\r')}hello`],
  ['LF behind the status line', `${OK.replace('\r', '')}${LENGTH}\r\nhello`],
  ['LF behind a field', `${OK}X: a\nContent-Length: 5\r\n\r\nhello`],
  ['a head that ends in LF LF', `${OK}Content-Length: 5\n\nhello`],
  ['a head of 20 KiB', `${head(`X: ${'x'.repeat(20_480)}`, 'Content-Length: 5')}hello`],
  ['a status line of 20 KiB', `HTTP/1.1 200 ${'x'.repeat(20_480)}\r\n${LENGTH}\r\nhello`],
  ['9 informational answers', `${EARLY.repeat(9)}${head('Content-Length: 5')}hello`],
  ['500 informational answers', `${EARLY.repeat(500)}${head('Content-Length: 5')}hello`],
  [
    'an unsolicited 101',
    'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello',
  ],
  ['a bare 101', `HTTP/1.1 101 Switching\r\n\r\n${head('Content-Length: 5')}hello`],
  ['HTTP/0.9', 'hello'],
  ['another protocol', `ICY 200 OK\r\n${LENGTH}\r\nhello`],
  ['a request', `GET / HTTP/1.1\r\n${LENGTH}\r\nhello`],
  ['a status of two digits', `HTTP/1.1 20 OK\r\n${LENGTH}\r\nhello`],
  ['a status of four digits', `HTTP/1.1 2000 OK\r\n${LENGTH}\r\nhello`],
  ['status 000', `HTTP/1.1 000 OK\r\n${LENGTH}\r\nhello`],
  ['a status in letters', `HTTP/1.1 abc OK\r\n${LENGTH}\r\nhello`],
  ['a status with a sign', `HTTP/1.1 +20 OK\r\n${LENGTH}\r\nhello`],
  ['nothing', ''],
];

const CUT: readonly (readonly [string, string])[] = [
  ...[...['x', '-5', '+5', '0x5', ' 5', '5 x', '', 'ffffffffffffffffff', '5\x00', '5;a\x00']].map(
    (size) => [`chunk size ${size}`, `${OK}${CHUNKED}\r\n${size}\r\nhello\r\n0\r\n\r\n`] as const,
  ),
  ...[...['', '\n', 'X', '\r', '\rX', 'XX\r\n']].map(
    (end) => [`chunk end ${end}`, `${OK}${CHUNKED}\r\n5\r\nhello${end}0\r\n\r\n`] as const,
  ),
  ...[
    ...['0\r\nX', '0\n\n', '0\r\n\rX', '0\r\nContent-Length: 9\r\n\r\n', '0\r\nX : a\r\n\r\n'],
  ].map((last) => [`last chunk ${last}`, `${OK}${CHUNKED}\r\n5\r\nhello\r\n${last}`] as const),
  ['a trailer of 20 KiB', `${OK}${CHUNKED}\r\n5\r\nhello\r\n0\r\nX: ${'x'.repeat(20_480)}\r\n\r\n`],
];

const good = (name: string, bytes: string, more: Partial<AnswerCase> = {}): AnswerCase => ({
  ...{ name, bytes, expected: 'true', status: 200, body: 'hello' },
  ...more,
});
/** What stands behind the answer breaks the connection, perhaps before the client has it. */
const behind = { expected: 'true or cut' } as const;
const empty = { ...behind, body: '' };

const TRUE: readonly AnswerCase[] = [
  good('a length', `${head('Content-Length: 5')}hello`),
  good('a length with leading zeros', `${head('Content-Length: 0005')}hello`),
  good('chunks', `${OK}${CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n`),
  good('a chunk extension', `${OK}${CHUNKED}\r\n5;a=b\r\nhello\r\n0\r\n\r\n`),
  good('a trailer', `${OK}${CHUNKED}\r\n5\r\nhello\r\n0\r\nX: a\r\n\r\n`),
  good('a body that ends with the connection', `${head('X: a')}hello`, { end: true }),
  good('ESC in the reason', `HTTP/1.1 200 O\x1b[2JK\r\n${LENGTH}\r\nhello`),
  // leash reads it as HTTP/1.1, and says so to the client.
  good('HTTP/2.0', `HTTP/2.0 200 OK\r\n${LENGTH}\r\nhello`),
  good('no reason', `HTTP/1.1 200\r\n${LENGTH}\r\nhello`),
  good('8 informational answers', `${EARLY.repeat(8)}${head('Content-Length: 5')}hello`),
  good('a nominated length', `${head('Connection: Content-Length', 'Content-Length: 5')}hello`),
  good('more than its length', `${head('Content-Length: 5')}hello world`, behind),
  good('a second answer', `${head('Content-Length: 5')}hello${head('Content-Length: 3')}bad`),
  good('204 with a body', `HTTP/1.1 204 No\r\n${LENGTH}\r\nhello`, { status: 204, ...empty }),
  good('204 with chunks', `HTTP/1.1 204 No\r\n${CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n`, {
    ...{ status: 204, ...empty },
  }),
  good('304 with a body', `HTTP/1.1 304 No\r\n${LENGTH}\r\nhello`, { status: 304, ...empty }),
  good('HEAD with a body', `${head('Content-Length: 5')}hello`, { method: 'HEAD', ...empty }),
  good('HEAD with chunks', `${OK}${CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n`, {
    ...{ method: 'HEAD', ...empty },
  }),
];

export const ANSWERS: readonly AnswerCase[] = [
  ...FAILED.map(([name, bytes]): AnswerCase => ({ name, bytes, expected: 'failed', end: true })),
  ...CUT.map(
    ([name, bytes]): AnswerCase => ({ name, bytes, expected: 'cut or failed', end: true }),
  ),
  ...TRUE,
];

/** Good answers, ended at each of their bytes. */
export const TRUNCATED: readonly AnswerCase[] = [
  `${head('Content-Length: 5', 'X: a')}hello`,
  `${OK}${CHUNKED}\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n`,
].flatMap((bytes) => {
  const bodyAt = bytes.indexOf('\r\n\r\n') + 4;
  return Array.from({ length: bytes.length }, (_, at): AnswerCase => {
    const expected = at < bodyAt ? 'failed' : 'cut or failed';
    return { name: `cut at ${at}`, bytes: bytes.slice(0, at), expected, end: true };
  });
});
