import { describe, expect, it } from 'vitest';
import { readClientHello } from '../../../../src/worker/tls/client-hello.ts';
import {
  buildHello,
  buildMessage,
  ECH,
  extension,
  GREASE,
  serverName,
  toRecords,
  vector,
} from '../../../support/build-hello.ts';

const NAME = serverName('example.com');
const WHOLE = buildHello({ extensions: [GREASE, NAME] });

describe('readClientHello()', () => {
  it.each([
    ['the name', buildHello({ extensions: [NAME] }), 'example.com'],
    ['the name behind other extensions', WHOLE, 'example.com'],
    [
      'the name as it was spelled',
      buildHello({ extensions: [serverName('EXAMPLE.com.')] }),
      'EXAMPLE.com.',
    ],
    ['the outer name beside ECH', buildHello({ extensions: [ECH, NAME] }), 'example.com'],
    ['the outer name before ECH', buildHello({ extensions: [NAME, ECH] }), 'example.com'],
    [
      'a name of 255 bytes',
      buildHello({ extensions: [serverName('a'.repeat(255))] }),
      'a'.repeat(255),
    ],
    ['null without server_name', buildHello(), null],
    ['null with an empty list of extensions', buildHello({ extensions: [] }), null],
    ['null without extensions at all', buildHello({ extensions: null }), null],
    [
      'the name of a hello cut at every byte',
      buildHello({ extensions: [NAME], recordBytes: 1 }),
      'example.com',
    ],
    [
      'the name of a hello in records of 50',
      buildHello({ extensions: [NAME], recordBytes: 50 }),
      'example.com',
    ],
    [
      'the name under record version 3.3',
      buildHello({ extensions: [NAME], version: [3, 3] }),
      'example.com',
    ],
    [
      'the name before early data',
      Buffer.concat([WHOLE, Buffer.from('1703030001ff', 'hex')]),
      'example.com',
    ],
  ])('gives %s', (_what, bytes, name) => {
    expect(readClientHello(bytes)).toEqual({ done: true, serverName: name });
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'not TLS'],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH'), 'not TLS'],
    ['an SSLv2 hello', Buffer.from('802e0100020015', 'hex'), 'not TLS'],
    ['a second byte other than 3', Buffer.from('1602', 'hex'), 'not TLS'],
    ['a record version above 3.4', Buffer.from('160305', 'hex'), 'not TLS'],
    ['an alert', Buffer.from('15030100020100', 'hex'), 'not TLS'],
    ['a ServerHello', buildHello({ type: 2 }), 'first TLS message is no ClientHello'],
    ['an empty record', Buffer.from('1603010000', 'hex'), 'TLS record of 0 bytes'],
    ['a record over 16 KiB', Buffer.from('1603014001', 'hex'), 'TLS record of 16385 bytes'],
    [
      'a message over 16 KiB',
      Buffer.from('1603010100010040000303', 'hex'),
      'ClientHello of 16388 bytes, the limit is 16384',
    ],
    [
      'an alert between two parts',
      Buffer.concat([
        WHOLE.subarray(0, 3),
        vector(2, buildMessage().subarray(0, 9)),
        Buffer.from('1503010002', 'hex'),
      ]),
      'a foreign record inside the ClientHello',
    ],
    [
      'a second message in the same record',
      toRecords(Buffer.concat([buildMessage(), buildMessage()]), 16_384),
      'bytes behind the ClientHello',
    ],
    [
      'more than 1024 records',
      buildHello({ extensions: [extension(21, Buffer.alloc(1100)), NAME], recordBytes: 1 }),
      'ClientHello in more than 1024 records',
    ],
    [
      'two server_name extensions',
      buildHello({ extensions: [NAME, GREASE, NAME] }),
      'two server_name extensions',
    ],
    [
      'two names in the list',
      buildHello({ extensions: [serverName('example.com', 'evil.example')] }),
      'more than one name in server_name',
    ],
    ['an empty name', buildHello({ extensions: [serverName('')] }), 'empty server_name'],
    [
      'an empty list of names',
      buildHello({ extensions: [serverName()] }),
      'unreadable server_name',
    ],
    [
      'an empty server_name extension',
      buildHello({ extensions: [extension(0, Buffer.alloc(0))] }),
      'unreadable server_name',
    ],
    [
      'a name of unknown type',
      buildHello({ extensions: [extension(0, vector(2, Buffer.from('0100016100', 'hex')))] }),
      'unreadable server_name',
    ],
    [
      'a name longer than its list',
      buildHello({ extensions: [extension(0, vector(2, Buffer.from('00000961', 'hex')))] }),
      'unreadable server_name',
    ],
    [
      'a list longer than its extension',
      buildHello({ extensions: [extension(0, Buffer.from('0009000001', 'hex'))] }),
      'unreadable server_name',
    ],
    [
      'a name of 256 bytes',
      buildHello({ extensions: [serverName('a'.repeat(256))] }),
      'server_name of 256 bytes',
    ],
    [
      'a name that is UTF-8',
      buildHello({ extensions: [serverName('bücher.example')] }),
      'server_name is not ASCII',
    ],
    [
      'a name with a NUL',
      buildHello({ extensions: [serverName('evil.example\0.example.com')] }),
      'server_name is not ASCII',
    ],
    [
      'a name with a space',
      buildHello({ extensions: [serverName('example.com evil')] }),
      'server_name is not ASCII',
    ],
    [
      'an extension that runs over',
      buildHello({ extensions: [Buffer.from('00100009aa', 'hex')] }),
      'ClientHello extension is cut short',
    ],
    [
      'half an extension head',
      buildHello({ extensions: [Buffer.from('001000', 'hex')] }),
      'ClientHello extension is cut short',
    ],
    [
      'bytes behind the extensions',
      toRecords(longer(buildMessage()), 16_384),
      'ClientHello extensions do not fill the message',
    ],
    [
      'a message of no bytes',
      Buffer.from('16030100040100000000', 'hex').subarray(0, 9),
      'ClientHello is cut short',
    ],
  ])('refuses %s', (_what, bytes, problem) => {
    expect(readClientHello(bytes)).toEqual({ problem });
  });

  it('needs more bytes for every prefix of a hello, also of one cut into records', () => {
    for (const recordBytes of [1, 3, 64, 16_384]) {
      const bytes = buildHello({ extensions: [GREASE, NAME], recordBytes });
      for (let length = 0; length < bytes.length; length++) {
        expect(readClientHello(bytes.subarray(0, length))).toEqual({ done: false });
      }
    }
  });

  it('takes a hello of exactly 16 KiB', () => {
    const padding = 16_384 - buildMessage({ extensions: [NAME] }).length - 4;
    const bytes = buildHello({ extensions: [extension(21, Buffer.alloc(padding)), NAME] });
    expect(bytes).toHaveLength(16_384 + 5);
    expect(readClientHello(bytes)).toEqual({ done: true, serverName: 'example.com' });
  });
});

/** The same message with one more byte, which its own length covers and its extensions do not. */
function longer(message: Buffer): Buffer {
  const bytes = Buffer.concat([message, Buffer.from([0])]);
  bytes.writeUIntBE(bytes.length - 4, 1, 3);
  return bytes;
}
