// What is asked for, and what the answer has to be, byte for byte. Bodies are JSON text with quotes and
// line ends in it, as agents send and get, so that escaping and searching cost what they cost there. Pure.

export type Page = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Empty: none is sent. */
  readonly requestBody: string;
  readonly answer: string;
};

const KB = 1024;

/** Bytes of the one stream of the scenario `download`, and of the one before it that warms up. */
export const DOWNLOADS = {
  whole: { path: '/download', bytes: 1024 * KB * KB },
  warmUp: { path: '/download-warm', bytes: 64 * KB * KB },
} as const;

const POST_BODY = jsonText(8 * KB);

export const PAGES = {
  small: { method: 'GET', path: '/', requestBody: '', answer: jsonText(KB) },
  large: { method: 'GET', path: '/100k', requestBody: '', answer: jsonText(100 * KB) },
  /** The origin answers with the length that it was told, once it has all of the body. */
  post: {
    method: 'POST',
    path: '/post',
    requestBody: POST_BODY,
    answer: `{"received":${POST_BODY.length}}`,
  },
} as const satisfies Record<string, Page>;

/** JSON in ASCII, exactly so many bytes long (100 at least). */
export function jsonText(bytes: number): string {
  const end = (padding: number) => `],"usage":"${'.'.repeat(padding)}"}`;
  let text = '{"messages":[';
  for (let n = 0; ; n += 1) {
    const next = `${n === 0 ? '' : ','}${message(n)}`;
    const padding = bytes - text.length - end(0).length;
    if (next.length > padding) return text + end(padding);
    text += next;
  }
}

function message(n: number): string {
  const role = n % 2 === 0 ? 'user' : 'assistant';
  const content = `Step ${n}: read "src/file-${(n * 7919) % 997}.ts",\nthen write its test.`;
  return JSON.stringify({ id: `msg_${(n * 2654435761) % 4294967296}`, role, content });
}
