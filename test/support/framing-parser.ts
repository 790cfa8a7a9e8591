// A second HTTP/1 parser, for tests only: strict, small, and of another hand than the one in Node.
// What it cannot read in exactly one way is a problem. It knows no socket.

export type Fields = readonly (readonly [name: string, value: string])[];

/** A message that begins at some offset: whole, or its head only while the body is still due. */
export type Parsed = {
  readonly startLine: string;
  readonly fields: Fields;
  readonly body: Buffer;
  /** Offset behind the message; null: more bytes are due. */
  readonly next: number | null;
  /** The body ends with the connection. */
  readonly untilClose: boolean;
};

type Body = { readonly body: Buffer; readonly next: number | null };
type Problem = { readonly problem: string };

const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP\/1\.1$/;
const STATUS_LINE = /^HTTP\/1\.1 [1-5][0-9]{2} [\t\x20-\x7e\x80-\xff]*$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
/** Names that some server takes for a framing field. */
const ODD_FRAMING = /^(?:content[_.]length|transfer[_.]encoding)$/i;
const HEAD_END = '\r\n\r\n';

export function fieldOf(fields: Fields, name: string): string | undefined {
  return fields.find(([each]) => each.toLowerCase() === name)?.[1];
}

/** The request at `from`; null while its head is not whole. */
export function parseRequest(bytes: Buffer, from: number): Parsed | Problem | null {
  const head = readHead(bytes, from, REQUEST_LINE);
  if (head === null || 'problem' in head) return head;
  const hosts = head.fields.filter(([name]) => name.toLowerCase() === 'host');
  if (hosts.length !== 1) return { problem: `${hosts.length} Host fields` };
  return withBody(bytes, head, Buffer.alloc(0));
}

/** The final answer at `from` to a request of this method; null while its head is not whole. */
export function parseAnswer(bytes: Buffer, from: number, method: string): Parsed | Problem | null {
  const head = readHead(bytes, from, STATUS_LINE);
  if (head === null || 'problem' in head) return head;
  const status = Number(head.startLine.split(' ')[1]);
  if (status < 200) return parseAnswer(bytes, head.bodyAt, method);
  if (method === 'HEAD' || status === 204 || status === 304) {
    const { startLine, fields, bodyAt: next } = head;
    return { startLine, fields, body: Buffer.alloc(0), next, untilClose: false };
  }
  return withBody(bytes, head, null);
}

type Head = { readonly startLine: string; readonly fields: Fields; readonly bodyAt: number };

function readHead(bytes: Buffer, from: number, startLine: RegExp): Head | Problem | null {
  const end = bytes.indexOf(HEAD_END, from, 'latin1');
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.toString('latin1', from, end).split('\r\n');
  if (!startLine.test(first)) return { problem: `start line ${JSON.stringify(first)}` };
  const fields: [string, string][] = [];
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined || ODD_FRAMING.test(name)) {
      return { problem: `field ${JSON.stringify(line)}` };
    }
    fields.push([name, value]);
  }
  return { startLine: first, fields, bodyAt: end + HEAD_END.length };
}

/** `unframed`: the body where nothing says how long it is; null: all until the end. */
function withBody(bytes: Buffer, head: Head, unframed: Buffer | null): Parsed | Problem {
  const { startLine, fields, bodyAt } = head;
  const named = (wanted: string) => fields.filter(([name]) => name.toLowerCase() === wanted);
  const codings = named('transfer-encoding');
  const lengths = named('content-length');
  if (codings.length + lengths.length > 1) return { problem: 'more than one framing field' };
  const untilClose = codings.length + lengths.length === 0 && unframed === null;
  let read: Body | Problem;
  if (codings.length > 0) {
    if (codings[0]?.[1] !== 'chunked') return { problem: `coding ${codings[0]?.[1]}` };
    read = readChunks(bytes, bodyAt);
  } else if (lengths.length > 0) {
    const length = lengths[0]?.[1] ?? '';
    // An upstream may write zeros in front; leash writes the lengths of requests itself.
    const form = unframed === null ? /^[0-9]{1,9}$/ : /^(?:0|[1-9][0-9]{0,8})$/;
    if (!form.test(length)) return { problem: `length ${length}` };
    const next = bodyAt + Number(length);
    read = { body: bytes.subarray(bodyAt, next), next: next > bytes.length ? null : next };
  } else if (unframed !== null) read = { body: unframed, next: bodyAt };
  else read = { body: bytes.subarray(bodyAt), next: null };
  return 'problem' in read ? read : { startLine, fields, untilClose, ...read };
}

function readChunks(bytes: Buffer, from: number): Body | Problem {
  const parts: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return { body: Buffer.concat(parts), next: null };
    const line = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9a-fA-F]{1,6}$/.test(line)) return { problem: `chunk size ${JSON.stringify(line)}` };
    const dataAt = lineEnd + 2;
    const dataEnd = dataAt + Number.parseInt(line, 16);
    if (dataEnd === dataAt) return readTrailers(bytes, dataAt, Buffer.concat(parts));
    if (bytes.length < dataEnd + 2) {
      return { body: Buffer.concat([...parts, bytes.subarray(dataAt, dataEnd)]), next: null };
    }
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') {
      return { problem: 'no line end behind a chunk' };
    }
    at = dataEnd + 2;
    parts.push(bytes.subarray(dataAt, dataEnd));
  }
}

/** Fields behind a body; none of them may say how long it is or whom it is for. */
function readTrailers(bytes: Buffer, from: number, body: Buffer): Body | Problem {
  // The line end of the last chunk's size is the first half of an empty section's.
  const end = bytes.indexOf(HEAD_END, from - 2, 'latin1');
  if (end < 0) return { body, next: null };
  const lines = bytes.toString('latin1', from, Math.max(from, end)).split('\r\n');
  for (const line of lines.filter((each) => each !== '')) {
    const [, name = ''] = FIELD.exec(line) ?? [];
    if (name === '' || /^(?:host|content.length|transfer.encoding)$/i.test(name)) {
      return { problem: `trailer ${JSON.stringify(line)}` };
    }
  }
  return { body, next: end + HEAD_END.length };
}
