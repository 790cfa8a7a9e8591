// Ways to write `ok.test`, `evil.test` and loopback that somebody's parser once took for another host
// than the next one did. Each text is bytes as latin1 characters; `{port}` stands for the port of the
// origins. Those of `GOOD_SPELLINGS` mean ok.test and its port, all others nothing that may be reached.

/** Case by case: the six letters of ok.test in some of their 64 cases, with and without the dot. */
export const GOOD_SPELLINGS: readonly string[] = Array.from({ length: 64 }, (_, bits) => bits)
  .filter((bits) => bits < 8 || bits % 5 === 0 || bits === 63)
  .flatMap((bits) => {
    let letter = 0;
    const name = 'ok.test'.replace(/[a-z]/g, (char) => {
      const upper = (bits >> letter++) & 1;
      return upper === 1 ? char.toUpperCase() : char;
    });
    return [`${name}:{port}`, `${name}.:{port}`];
  });

/** Bytes of the UTF-8 form, as a client puts it on the wire. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1');

/** What parsers stop at, skip, decode or map to something else. */
const ODD: readonly string[] = [
  ...[
    '\0',
    '%00',
    '%2500',
    '\\0',
    '%',
    '%2e',
    '%2E',
    '%252e',
    '%20',
    '%09',
    '%0d%0a',
    '%2f',
    '%40',
  ],
  ...['\t', ' ', '\x01', '\x0b', '\x0c', '\x1b', '\x7f', '\r', '\n', '\xa0', '\xff', '\xc0\xae'],
  ...[
    '\\',
    '/',
    '//',
    '?',
    '#',
    '@',
    ':',
    '::',
    ',',
    ';',
    '&',
    '=',
    '|',
    '"',
    "'",
    '`',
    '..',
    '...',
  ],
  ...['<', '>', '^', '{', '}', '[', ']', '[]', '(', ')', '!', '$', '*', '+', '~'],
  // Full stops of other scripts, and what IDNA deletes or maps to nothing.
  ...['\u3002', '\uff0e', '\uff61', '\u2024', '\u00ad', '\u200b', '\u200d', '\u2060'].map(utf8),
  ...['\ufeff', '\u202e', '\u00a0', '\u3000', '\u034f', '\ufe0f'].map(utf8),
  // Look-alikes of delimiters.
  ...['\u2044', '\u2215', '\uff0f', '\uff03', '\uff1a', '\uff20', '\uff3c', '\uff1f'].map(utf8),
];

const WITH_ODD = ODD.flatMap((odd) => [
  `ok.test${odd}:{port}`,
  `ok.test${odd}.evil.test:{port}`,
  `ok.test${odd}evil.test:{port}`,
  `evil.test${odd}.ok.test:{port}`,
  `evil.test${odd}ok.test:{port}`,
  `ok${odd}.test:{port}`,
  `${odd}ok.test:{port}`,
]).filter((text) => !GOOD_SPELLINGS.includes(text));

const CONFUSABLE = [
  ...[
    '\uff4f\uff4b.test',
    'ok\uff0e\uff54\uff45\uff53\uff54',
    '\u24de\u24da.\u24e3\u24d4\u24e2\u24e3',
  ],
  ...[
    'o\u212a.test',
    'O\u212a.TEST',
    'ok.te\u017ft',
    '\u043ek.test',
    'o\u043a.test',
    'ok.t\u0435st',
  ],
  ...['\u{1d428}\u{1d424}.test', '\u00bak.test', 'ok.te\ufb06', 'ok\u3002test', 'o\u0308k.test'],
  ...[
    '\u00f6k.test',
    '\u03bfk.test',
    'ok.test\u0307',
    '\u2170k.test',
    '\u14aak.test',
    'o\u1d0b.test',
  ],
]
  .map(utf8)
  .concat(['xn--k-emb.test', 'xn--ok-.test', 'xn--ok.test', 'xn--k-emb.evil.test', 'XN--OK-.TEST'])
  .concat(['_ok.test', 'ok_.test', 'o_k.test', 'ok_test', 'ok.test_', 'ok._test', '_.ok-test'])
  .concat(['-ok.test', 'ok-.test', 'ok.-test', 'ok.test-', 'o-k.test', 'ok-test', '--.ok.test'])
  .concat(['xok.test', 'ok.testx', 'ok.tes', 'k.test', 'ok', 'test', 'ok.test.test', 'test.ok'])
  .concat([
    'evil.test',
    'EVIL.TEST',
    'evil.test.',
    'a.evil.test',
    'ok.test.evil.test',
    'evil-ok.test',
  ])
  .concat(['.', '..', '', '.ok.test', 'ok..test', '*', '*.ok.test', 'ok.*', '*.test', 'o?.test'])
  .concat(['[ok.test]', '[[ok.test]]', '[ok.test', 'ok.test]', 'ok[.]test', '[]', '[ok].test']);

/** What inet_aton reads, and more that somebody reads, for 127.0.0.1 and the origin beside it. */
const ADDRESSES = [1, 2]
  .flatMap((n) => [
    ...[
      `127.0.0.${n}`,
      `127.0.${n}`,
      `127.${n}`,
      `${2130706432 + n}`,
      `0x7f00000${n}`,
      `0X7F00000${n}`,
    ],
    ...[
      `0x7f.${n}`,
      `0x7f.0.0.0x${n}`,
      `0177.0.0.${n}`,
      `0177.0.0.0${n}`,
      `017700000000${n}`.slice(0, 12),
    ],
    ...[
      `127.0.0.00${n}`,
      `127.000.000.00${n}`,
      `127.0.0.${n}.`,
      `127.0.0.${n}..`,
      `127.0.0.${n + 256}`,
    ],
    ...[
      `127.0.0.0.${n}`,
      `${2130706432 + n + 2 ** 32}`,
      `0x7f.0x0.0x${n}`,
      `00000177.${n}`,
      `127.0.0.0x${n}`,
    ],
    ...[
      `127..0.0.${n}`,
      `127.0.0.-${n}`,
      `127.0.0.${n}e0`,
      `0b1111111.0.0.${n}`,
      `127.1.ok.test.${n}`,
    ],
    ...[`[127.0.0.${n}]`, `[::ffff:127.0.0.${n}]`, `[::FFFF:7F00:${n}]`, `[::127.0.0.${n}]`],
    ...[
      `[64:ff9b::127.0.0.${n}]`,
      `[2002:7f00:${n}::]`,
      `[::ffff:0:127.0.0.${n}]`,
      `::ffff:127.0.0.${n}`,
    ],
    ...[
      utf8(`\u2460\u2461\u2466.0.0.${n}`),
      utf8(`127\u30020\u30020\u3002${n}`),
      utf8(`\uff11\uff12\uff17.${n}`),
    ],
  ])
  .concat(
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      'localhost.localdomain',
      'ip6-localhost',
      '0',
      '0.0.0.0',
    ],
    ...[
      '00',
      '0x0',
      '[::1]',
      '::1',
      '[::]',
      '[0:0:0:0:0:0:0:1]',
      '[::1%lo]',
      '[::1%25lo]',
      '[::1%251]',
    ],
    ...[
      '[fe80::1%eth0]',
      '[[::1]]',
      '[::1',
      '::1]',
      '[::1].ok.test',
      '[v1.ok.test]',
      '[:::1]',
      '[1::2::3]',
    ],
    ...[
      '[::ffff:127.0.0.2%.ok.test]',
      '::ffff:127.0.0.2%.ok.test',
      '169.254.169.254',
      '255.255.255.255',
    ],
    utf8('\u0661\u0662\u0667.0.0.1'),
  );

/** 253 characters may be a name, 63 a label; these have more. */
const TOO_LONG = [
  `${'a'.repeat(64)}.ok.test`,
  `ok.${'t'.repeat(64)}`,
  `${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(54)}.ok.test`,
  `${'a.'.repeat(124)}ok.test`,
  `${'a.'.repeat(500)}ok.test`,
  `ok.test${'.'.repeat(300)}`,
  'a'.repeat(4000),
];

/** Of the whole authority. */
const PORTS_AND_USERS = [
  ...[
    '',
    ':',
    ':0',
    ':00',
    ':0{port}',
    ':00000{port}',
    ':+{port}',
    ':-{port}',
    ':{port}x',
    ':x',
    ':0x50',
  ],
  ...[':65536', ':65616', ':4294967376', ':99999999999999999999', ':{port}:{port}', ':{port},80'],
  ...[
    ':{port}.0',
    ':{port}e0',
    ':{port}%20',
    ':{port}%00',
    ':{port};',
    ':{port}|',
    ':{port}\x00',
    ':{port}.',
  ],
  ...[
    utf8(':\u0664\u0664\u0663'),
    utf8(':\uff18\uff10'),
    utf8(':\u2463\u2463\u2462'),
    ': {port}',
    ' :{port}',
  ],
  ...[':{port}@evil.test:{port}', ':x@evil.test:{port}', '@evil.test:{port}', ':@evil.test:{port}'],
  ...[
    ':{port}#@evil.test:{port}',
    ':{port}\\@evil.test:{port}',
    '%40evil.test:{port}',
    '@@evil.test:{port}',
  ],
  ...[
    ':{port}/@evil.test:{port}',
    ':{port}?@evil.test:{port}',
    ':{port}/../evil.test',
    ':{port}//evil.test',
  ],
  ...[
    ':{port},evil.test:{port}',
    ':{port} evil.test:{port}',
    ':{port}\tevil.test',
    ':{port}\nevil.test',
  ],
].map((rest) => `ok.test${rest}`);
const USERS = [
  ...[
    'user@ok.test:{port}',
    'evil.test@ok.test:{port}',
    'evil.test:{port}@ok.test:{port}',
    '@ok.test:{port}',
  ],
  ...['evil.test#@ok.test:{port}', 'evil.test\\@ok.test:{port}', 'evil.test:{port}#ok.test:{port}'],
  ...[
    'http://ok.test:{port}',
    'https://ok.test:{port}',
    '//ok.test:{port}',
    '/ok.test:{port}',
    'ok.test/x',
  ],
];

export const BAD_SPELLINGS: readonly string[] = [
  ...new Set([
    ...WITH_ODD,
    ...[...CONFUSABLE, ...ADDRESSES, ...TOO_LONG].map((host) => `${host}:{port}`),
    ...PORTS_AND_USERS,
    ...USERS,
  ]),
];
