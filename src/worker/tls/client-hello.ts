// Reads the server name out of a TLS ClientHello before any TLS code sees it. Pure: bytes in, a
// verdict out; it keeps no state, opens no socket, and does not know which name was expected.
// Encrypted ClientHello is not decrypted: the name outside it is the name that is returned.
//
// Invariant: a verdict does not change when more bytes arrive.

export type ClientHello =
  | { readonly done: false }
  | { readonly done: true; readonly serverName: string | null }
  | { readonly problem: string };

/** Longest handshake message. Hellos with post-quantum keys are about 1.8 KB; OpenSSL's own limit
 * for a ClientHello is 128 KB, which nobody needs and which each tunnel would have to hold. */
const MAX_MESSAGE = 16 * 1024;
/** Longest plaintext of one record (RFC 8446 5.1). */
const MAX_RECORD = 16 * 1024;
/** Records that one hello may be cut into. Clients use one or two, and tools that hide the name
 * from a middlebox cut a 500-byte hello at every byte; more only costs us time and memory. */
const MAX_RECORDS = 1024;
/** OpenSSL and RFC 1035 agree on 255 bytes. */
const MAX_NAME = 255;

const RECORD_HEAD = 5;
const MESSAGE_HEAD = 4;
const RECORD_HANDSHAKE = 22;
const MESSAGE_CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const NAME_HOST = 0;
/** Message head, legacy_version and random: the session id starts after them (RFC 8446 4.1.2). */
const SESSION_ID_AT = MESSAGE_HEAD + 2 + 32;

const NEED_MORE: ClientHello = { done: false };

/**
 * Everything received so far, from the first byte of the connection on → the server name as the
 * client spelled it (null: none was sent), `done: false` while bytes are missing, or why this is
 * refused. Never throws; time is linear in `bytes`. What follows the hello's last record is ignored.
 */
export function readClientHello(bytes: Buffer): ClientHello {
  const message = joinRecords(bytes);
  return Buffer.isBuffer(message) ? readHello(message) : message;
}

/** Takes the record heads out: the whole handshake message, or the verdict so far. */
function joinRecords(bytes: Buffer): Buffer | ClientHello {
  const fragments: Buffer[] = [];
  let have = 0;
  let declared = 0;
  let wanted = 0;
  for (let at = 0; ; ) {
    const head = readRecordHead(bytes, at, fragments.length === 0);
    if (typeof head !== 'number') return head;
    if (fragments.length === MAX_RECORDS) {
      return { problem: `ClientHello in more than ${MAX_RECORDS} records` };
    }
    const fragment = bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + head);
    fragments.push(fragment);
    have += fragment.length;
    declared += head;
    at += RECORD_HEAD + head;
    if (wanted === 0 && have >= MESSAGE_HEAD) {
      const length = readMessageLength(Buffer.concat(fragments, MESSAGE_HEAD));
      if (typeof length !== 'number') return length;
      wanted = length;
    }
    // RFC 8446 5.1: a ClientHello ends where its record ends, as keys may change behind it.
    if (wanted > 0 && declared > wanted) return { problem: 'bytes behind the ClientHello' };
    if (wanted > 0 && have === wanted) return Buffer.concat(fragments, wanted);
  }
}

/** The record's length; a verdict when the head is not whole or not that of a handshake record. */
function readRecordHead(bytes: Buffer, at: number, first: boolean): number | ClientHello {
  const [type, major, minor] = bytes.subarray(at, at + 3);
  if (type === undefined) return NEED_MORE;
  // Versions 3.0 to 3.4; real clients send 3.1 or 3.3 here whatever they speak.
  const foreign =
    type !== RECORD_HANDSHAKE ||
    (major !== undefined && major !== 3) ||
    (minor !== undefined && minor > 4);
  if (foreign) return { problem: first ? 'not TLS' : 'a foreign record inside the ClientHello' };
  if (bytes.length < at + RECORD_HEAD) return NEED_MORE;
  const length = bytes.readUInt16BE(at + 3);
  // An empty handshake record is forbidden (RFC 8446 5.1), and would cost us a loop for nothing.
  if (length === 0 || length > MAX_RECORD) return { problem: `TLS record of ${length} bytes` };
  return length;
}

/** Length of the whole message, its head included. */
function readMessageLength(head: Buffer): number | ClientHello {
  if (head[0] !== MESSAGE_CLIENT_HELLO) return { problem: 'first TLS message is no ClientHello' };
  const length = MESSAGE_HEAD + head.readUIntBE(1, 3);
  if (length <= MAX_MESSAGE) return length;
  return { problem: `ClientHello of ${length} bytes, the limit is ${MAX_MESSAGE}` };
}

function readHello(message: Buffer): ClientHello {
  const end = message.length;
  const sessionIdEnd = vectorEnd(message, SESSION_ID_AT, 1, end);
  const ciphersEnd = vectorEnd(message, sessionIdEnd, 2, end);
  const compressionEnd = vectorEnd(message, ciphersEnd, 1, end);
  if (compressionEnd === -1) return { problem: 'ClientHello is cut short' };
  // TLS 1.2 allows a hello without extensions (RFC 5246 7.4.1.2).
  if (compressionEnd === end) return { done: true, serverName: null };
  if (vectorEnd(message, compressionEnd, 2, end) !== end) {
    return { problem: 'ClientHello extensions do not fill the message' };
  }
  return readExtensions(message, compressionEnd + 2);
}

function readExtensions(message: Buffer, from: number): ClientHello {
  let serverName: string | null = null;
  for (let at = from; at < message.length; ) {
    const end = vectorEnd(message, at + 2, 2, message.length);
    if (end === -1) return { problem: 'ClientHello extension is cut short' };
    if (message.readUInt16BE(at) === EXTENSION_SERVER_NAME) {
      // Two names let two readers of one hello disagree about where it goes.
      if (serverName !== null) return { problem: 'two server_name extensions' };
      const name = readNameList(message.subarray(at + 4, end));
      if (typeof name !== 'string') return name;
      serverName = name;
    }
    at = end;
  }
  return { done: true, serverName };
}

/** The one name of a server_name extension (RFC 6066 3). */
function readNameList(list: Buffer): string | { readonly problem: string } {
  if (vectorEnd(list, 0, 2, list.length) !== list.length)
    return { problem: 'unreadable server_name' };
  const nameEnd = vectorEnd(list, 3, 2, list.length);
  if (nameEnd === -1 || list[2] !== NAME_HOST) return { problem: 'unreadable server_name' };
  if (nameEnd !== list.length) return { problem: 'more than one name in server_name' };
  const name = list.subarray(5);
  if (name.length === 0) return { problem: 'empty server_name' };
  if (name.length > MAX_NAME) return { problem: `server_name of ${name.length} bytes` };
  // Graphic ASCII only: a name with a NUL or a space is read differently by different readers.
  if (name.some((byte) => byte <= 0x20 || byte >= 0x7f))
    return { problem: 'server_name is not ASCII' };
  return name.toString('latin1');
}

/** Where the vector ends whose length stands at `at` in `size` bytes; -1: past `end` (or at -1). */
function vectorEnd(bytes: Buffer, at: number, size: number, end: number): number {
  if (at === -1 || at + size > end) return -1;
  const vector = at + size + bytes.readUIntBE(at, size);
  return vector > end ? -1 : vector;
}
