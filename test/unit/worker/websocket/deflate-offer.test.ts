import { describe, expect, it } from 'vitest';
import {
  formatOffers,
  readChoice,
  readOffers,
} from '../../../../src/worker/websocket/deflate-offer.ts';

describe('readOffers()', () => {
  it('takes what a server may accept, in order, and leaves out the rest', () => {
    const values = [
      'permessage-deflate; client_max_window_bits; server_max_window_bits=10, foo; bar="a, b"',
      'permessage-deflate;server_no_context_takeover ; client_no_context_takeover',
      'permessage-deflate; client_max_window_bits="12"',
    ];
    expect(formatOffers(readOffers(values))).toBe(
      'permessage-deflate; client_max_window_bits; server_max_window_bits=10, ' +
        'permessage-deflate; server_no_context_takeover; client_no_context_takeover, ' +
        'permessage-deflate; client_max_window_bits=12',
    );
  });

  it.each([
    'permessage-bzip2',
    'Permessage-Deflate',
    'permessage-deflate; foo',
    'permessage-deflate;',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; client_max_window_bits=',
    'permessage-deflate; client_max_window_bits="10',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
    '',
  ])('leaves out %s', (value) => {
    expect(readOffers([value])).toEqual([]);
  });
});

describe('readChoice()', () => {
  const choose = (answer: string | readonly string[], offer = 'permessage-deflate') =>
    readChoice([answer].flat(), readOffers([offer]));
  const WINDOW = 'permessage-deflate; client_max_window_bits';

  it('says which side keeps its context', () => {
    expect(choose('permessage-deflate')).toEqual({ clientTakeover: true, serverTakeover: true });
    expect(choose('permessage-deflate; client_no_context_takeover')).toEqual({
      clientTakeover: false,
      serverTakeover: true,
    });
    expect(choose('permessage-deflate; server_no_context_takeover')).toEqual({
      clientTakeover: true,
      serverTakeover: false,
    });
    expect(choose([])).toBeNull();
  });

  it('takes windows that the client can have', () => {
    expect(choose(`${WINDOW}=10; server_max_window_bits=9`, WINDOW)).toMatchObject({
      clientTakeover: true,
    });
    expect(choose('permessage-deflate; server_max_window_bits=9')).not.toHaveProperty('problem');
  });

  it.each([
    ['a window of the client, where it offered none', `${WINDOW}=10`, 'permessage-deflate'],
    ['a window of the client without a number', WINDOW, WINDOW],
    ['an unknown parameter', 'permessage-deflate; foo', WINDOW],
    ['two choices', 'permessage-deflate, permessage-deflate', WINDOW],
    ['another extension beside it', 'permessage-deflate, foo', WINDOW],
    ['what was not offered', 'permessage-deflate', ''],
  ])('does not take %s', (_name, answer, offer) => {
    expect(choose(answer, offer)).toEqual({ problem: 'extensions' });
  });
});
