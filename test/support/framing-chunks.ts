// Chunked bodies that are not quite: sizes, extensions, line ends, terminators, trailers. Tables only.

import { type Mutation, SMUGGLED } from './framing-mutations.ts';

const SIZE = SMUGGLED.length.toString(16);
const LAST = '0\r\n\r\n';

const SIZES = [
  ...[`+${SIZE}`, `-${SIZE}`, `0x${SIZE}`, ` ${SIZE}`, `${SIZE} `, `${SIZE}\t`, `\t${SIZE}`],
  ...[`0${SIZE}`, `00000000000000000000${SIZE}`, `1${'0'.repeat(16)}${SIZE}`, 'ffffffffffffffff'],
  ...[
    `${SIZE}g`,
    '',
    'x',
    `${SIZE}\x0b`,
    `${SIZE}\x00`,
    `"${SIZE}"`,
    `${SIZE},${SIZE}`,
    `${SIZE}.0`,
  ],
  ...[`${SIZE};a`, `${SIZE};a=b`, `${SIZE};a="b"`, `${SIZE};a="\r\n"`, `${SIZE};`, `${SIZE} ; a`],
  ...[`${SIZE};a\n`, `${SIZE};a\r`, `${SIZE};${'a'.repeat(20_000)}`, `${SIZE.toUpperCase()}`],
  ...[`-0`, `${SIZE}\n`, `${SIZE}\r`, `\r\n${SIZE}`, `\n${SIZE}`],
];
const TERMINATORS = [
  ...['0\n\n', '0\r\r', '0\n\r\n', '0\r\n\n', '0\r\n\r', '0\r\n\rX', '00\r\n\r\n', '0000\r\n\r\n'],
  ...['0;a=b\r\n\r\n', '0 \r\n\r\n', '-0\r\n\r\n', '0\r\nX', '0\x00\r\n\r\n', '\r\n0\r\n\r\n'],
  ...[
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\nHost: smuggled.test\r\n\r\n',
    '0\r\nX: a\r\n b\r\n\r\n',
  ],
  ...[
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nX : a\r\n\r\n',
    '0\r\nX: a\n\r\n',
    '0\r\nX\r\n\r\n',
  ],
  ...[
    '0\r\nConnection: close\r\n\r\n',
    '0\r\nX: a\r\n\r\n',
    `0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
  ],
  `0\r\n${Array.from({ length: 200 }, (_, n) => `T${n}: a\r\n`).join('')}\r\n`,
  `0\r\nX: a\r\n\r\n0\r\n\r\n`,
];
const DATA_ENDS = ['', '\n', '\r', '\n\r', 'X', '\rX', '\r\r\n', 'XX', '\r\n\r\n', '\x00\r\n'];

/** More than will ever come. */
const isHuge = (size: string) => /^[0-9a-f]{9,16}$/.test(size);

const chunked = (name: string, body: string, end = false): Mutation => ({
  name: JSON.stringify([name, body.slice(0, 60)]),
  lines: ['Transfer-Encoding: chunked'],
  body,
  end,
});

/** Bodies of a chunked request. Behind each of them stands a second request once more. */
export const CHUNK_BODIES: readonly Mutation[] = [
  ...SIZES.map((size) =>
    chunked('size', `${size}\r\n${SMUGGLED}\r\n${LAST}${SMUGGLED}`, isHuge(size)),
  ),
  ...TERMINATORS.map((last) => chunked('last', `5\r\nhello\r\n${last}${SMUGGLED}`)),
  ...TERMINATORS.map((last) => chunked('empty', `${last}${SMUGGLED}`)),
  ...DATA_ENDS.map((end) => chunked('data end', `5\r\nhello${end}${LAST}${SMUGGLED}`)),
  // Whole, and the sending side stays open: what is behind is one more request to refuse.
  chunked('good', `5\r\nhello\r\n${LAST}${SMUGGLED}`),
  chunked('good in capitals', `A\r\n0123456789\r\n${LAST}${SMUGGLED}`),
  chunked('extension', `5;a=b\r\nhello\r\n${LAST}${SMUGGLED}`),
  chunked('trailers', `5\r\nhello\r\n0\r\nX: a\r\nHost: smuggled.test\r\n\r\n${SMUGGLED}`),
  // Cut off.
  ...[1, 2, 4, 9, 12].map((at) => chunked('cut', `5\r\nhello\r\n${LAST}`.slice(0, at), true)),
];
