// Builds ClientHello bytes for tests: each field can be replaced by something wrong.

export type HelloParts = {
  readonly extensions?: readonly Buffer[] | null;
  readonly type?: number;
  readonly version?: readonly [number, number];
  /** Bytes of payload per record. */
  readonly recordBytes?: number;
  readonly ciphers?: Buffer;
};

export const GREASE = extension(0x0a0a, Buffer.alloc(0));
export const ECH = extension(0xfe0d, Buffer.alloc(200, 7));

export function buildHello(parts: HelloParts = {}): Buffer {
  return toRecords(buildMessage(parts), parts.recordBytes ?? 16_384, parts.version ?? [3, 1]);
}

/** The handshake message without record heads. */
export function buildMessage(parts: HelloParts = {}): Buffer {
  const { extensions = [GREASE], type = 1, ciphers = Buffer.from('13011302c02b', 'hex') } = parts;
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 0xab),
    vector(1, Buffer.alloc(32, 0xcd)),
    vector(2, ciphers),
    vector(1, Buffer.from([0])),
    ...(extensions === null ? [] : [vector(2, Buffer.concat(extensions))]),
  ]);
  return Buffer.concat([Buffer.from([type]), vector(3, body)]);
}

export function toRecords(
  message: Buffer,
  recordBytes: number,
  version: readonly [number, number] = [3, 1],
): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    records.push(Buffer.from([22, ...version]), vector(2, message.subarray(at, at + recordBytes)));
  }
  return Buffer.concat(records);
}

export function serverName(...names: readonly (string | Buffer)[]): Buffer {
  const entries = names.map((name) =>
    Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name as string))]),
  );
  return extension(0, vector(2, Buffer.concat(entries)));
}

export function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 0xff]), vector(2, content)]);
}

/** Length in `size` bytes, then the content. */
export function vector(size: number, content: Buffer): Buffer {
  const head = Buffer.alloc(size);
  head.writeUIntBE(content.length, 0, size);
  return Buffer.concat([head, content]);
}
