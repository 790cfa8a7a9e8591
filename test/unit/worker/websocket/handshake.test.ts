import { describe, expect, it } from 'vitest';
import {
  acceptOf,
  checkAnswer,
  type Handshake,
  handshakeHeaders,
  parseHandshake,
  withUpgrade,
} from '../../../../src/worker/websocket/handshake.ts';

/** The example of RFC 6455 1.2. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

type Fields = Record<string, string | readonly string[] | undefined>;
const REQUEST: Fields = {
  Host: 'a.test',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
};
const ANSWER: Fields = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Accept': ACCEPT,
};

function flat(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((each) => [name, each]),
  );
}

type Change = { method?: string; httpVersion?: string };
function parse(fields: Fields = {}, change: Change = {}) {
  return parseHandshake({
    method: 'GET',
    httpVersion: '1.1',
    headers: flat({ ...REQUEST, ...fields }),
    ...change,
  });
}

const DEFLATE = 'permessage-deflate; client_max_window_bits';
const OFFERS: Fields = {
  'Sec-WebSocket-Protocol': ['chat, superchat', 'soap'],
  'Sec-WebSocket-Extensions': DEFLATE,
};

describe('parseHandshake()', () => {
  it('takes a handshake, whatever the case and the lists around it', () => {
    expect(parse()).toEqual({ key: KEY, protocols: [], offers: [] });
    const odd = { Connection: ['keep-alive', 'x, UPGRADE'], Upgrade: ' WebSocket ' };
    expect(parse(odd)).toMatchObject({ key: KEY });
    expect(parse(OFFERS)).toMatchObject({
      protocols: ['chat', 'superchat', 'soap'],
      offers: [new Map([['client_max_window_bits', true]])],
    });
  });

  it.each<[string, Fields, Change, string]>([
    ['another method', {}, { method: 'POST' }, 'method'],
    ['HTTP/1.0', {}, { httpVersion: '1.0' }, 'http_version'],
    ['a body', { 'Content-Length': '0' }, {}, 'body'],
    ['a body in chunks', { 'Transfer-Encoding': 'chunked' }, {}, 'body'],
    ['no upgrade', { Upgrade: undefined }, {}, 'upgrade'],
    ['another upgrade', { Upgrade: 'h2c' }, {}, 'upgrade'],
    ['two upgrades', { Upgrade: 'websocket, h2c' }, {}, 'upgrade'],
    ['two upgrades in two lines', { Upgrade: ['websocket', 'h2c'] }, {}, 'upgrade'],
    ['WebSocket of a version', { Upgrade: 'websocket/13' }, {}, 'upgrade'],
    ['an upgrade that is not nominated', { Connection: 'keep-alive' }, {}, 'upgrade'],
    ['no Connection', { Connection: undefined }, {}, 'upgrade'],
    ['a nominated key', { Connection: 'Upgrade, Sec-WebSocket-Key' }, {}, 'connection'],
    ['a nominated Origin', { Connection: 'upgrade, origin' }, {}, 'connection'],
    ['no key', { 'Sec-WebSocket-Key': undefined }, {}, 'key'],
    ['two keys', { 'Sec-WebSocket-Key': [KEY, KEY] }, {}, 'key'],
    ['a short key', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZQ==' }, {}, 'key'],
    ['a key that is no base64', { 'Sec-WebSocket-Key': '!GhlIHNhbXBsZSBub25jZQ==' }, {}, 'key'],
    ['no version', { 'Sec-WebSocket-Version': undefined }, {}, 'version'],
    ['an old version', { 'Sec-WebSocket-Version': '8' }, {}, 'version'],
    ['two versions', { 'Sec-WebSocket-Version': '13, 8' }, {}, 'version'],
    ['a protocol that is no token', { 'Sec-WebSocket-Protocol': 'a b' }, {}, 'protocol'],
  ])('does not take %s', (_name, fields, change, problem) => {
    expect(parse(fields, change)).toEqual({ problem });
  });
});

describe('handshakeHeaders()', () => {
  it('adds the upgrade, and of the extensions offers only what can be decoded', () => {
    const extensions = `x-webkit-deflate-frame, permessage-deflate, ${DEFLATE}; server_max_window_bits=10`;
    const handshake = parse({ 'Sec-WebSocket-Extensions': extensions }) as Handshake;
    const list = [
      'Host',
      'a.test',
      'sec-websocket-extensions',
      extensions,
      'TE',
      'trailers',
      'Origin',
      'http://a',
    ];
    expect(handshakeHeaders(list, handshake)).toEqual([
      ...['Host', 'a.test', 'Origin', 'http://a'],
      'Sec-WebSocket-Extensions',
      `permessage-deflate, ${DEFLATE}; server_max_window_bits=10`,
      ...['Connection', 'Upgrade', 'Upgrade', 'websocket'],
    ]);
  });

  it('offers nothing where nothing can be decoded', () => {
    const handshake = parse({ 'Sec-WebSocket-Extensions': 'foo' }) as Handshake;
    const list = handshakeHeaders(['Sec-WebSocket-Extensions', 'foo'], handshake);
    expect(list).toEqual(withUpgrade([]));
  });
});

describe('checkAnswer()', () => {
  const check = (fields: Fields = {}, request: Fields = OFFERS) =>
    checkAnswer(parse(request) as Handshake, flat({ ...ANSWER, ...fields }));

  it('takes the answer to the key, with or without what was offered', () => {
    expect(acceptOf(KEY)).toBe(ACCEPT);
    expect(check()).toEqual({ deflate: null });
    expect(check({}, {})).toEqual({ deflate: null });
    expect(check({ 'Sec-WebSocket-Protocol': 'superchat' })).toEqual({ deflate: null });
    expect(check({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })).toEqual({
      deflate: { clientTakeover: true, serverTakeover: true },
    });
  });

  // Invariant: a 101 opens a relay only where the client asked for one and the answer proves that the server heard it.
  it.each<[string, Fields, string]>([
    ['no upgrade', { Upgrade: undefined }, 'upgrade'],
    ['another upgrade', { Upgrade: 'foo' }, 'upgrade'],
    ['no Connection', { Connection: undefined }, 'upgrade'],
    ['another Connection', { Connection: 'keep-alive' }, 'upgrade'],
    ['no accept', { 'Sec-WebSocket-Accept': undefined }, 'accept'],
    ['the key itself', { 'Sec-WebSocket-Accept': KEY }, 'accept'],
    ['the accept of another key', { 'Sec-WebSocket-Accept': acceptOf('x') }, 'accept'],
    ['two accepts', { 'Sec-WebSocket-Accept': [ACCEPT, ACCEPT] }, 'accept'],
    ['a protocol that was not offered', { 'Sec-WebSocket-Protocol': 'mqtt' }, 'protocol'],
    ['two protocols', { 'Sec-WebSocket-Protocol': ['chat', 'soap'] }, 'protocol'],
    ['an extension that was not offered', { 'Sec-WebSocket-Extensions': 'foo' }, 'extensions'],
    ['a body', { 'Content-Length': '5' }, 'body'],
    ['a body in chunks', { 'Transfer-Encoding': 'chunked' }, 'body'],
  ])('does not take %s', (_name, fields, problem) => {
    expect(check(fields)).toEqual({ problem });
  });

  it('does not take compression that was not offered', () => {
    const extensions = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    expect(check(extensions, {})).toEqual({ problem: 'extensions' });
  });
});
