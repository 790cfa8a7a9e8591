// A recorded request → a curl command that sends it again, without what would give the sender's rights
// away. Pure. The request is hostile: it may not become an option, a file name or a second command.
//
// Invariant: a credential is never in the command: its value is replaced by words that say so.

import { carriesCredential } from '../../../../shared/credential-headers.ts';
import type { Flow } from '../../../store/flow.ts';
import { bytesOf } from '../body/hex-dump.ts';
import { printfFormat, quoteBytes, quoteText, utf8Of } from './shell-quote.ts';

type CurlCommand = {
  readonly command: string;
  /** In what way it is not the request that was sent. */
  readonly notes: readonly string[];
};

/** curl makes these itself, or they were meant for one connection. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
]);
/** RFC 9110 section 5.6.2: curl reads `@name` as a file, and no name on the wire begins so. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const SECRET_PARAMETER =
  /([?&](?:access_token|api_?key|key|token|secret|password|passwd|pwd|sig|signature|auth|x-amz-signature|x-amz-security-token)=)[^&#]*/gi;
const LEFT_OUT = '[left out]';
/** A longer body makes no command that anyone pastes. */
const MAX_BODY_BYTES = 64 * 1024;

/** The command; null where the record is no request of a URL. */
export function curlCommand({ row, request }: Flow): CurlCommand | null {
  const url = urlOf(row);
  if (url === null || !TOKEN.test(row.method) || row.method === 'CONNECT') return null;
  const notes: string[] = [];
  const safeUrl = url.replace(SECRET_PARAMETER, `$1left-out`);
  if (safeUrl !== url) notes.push('A secret in the address was left out.');
  const headers = headerArguments(request, notes);
  const body = bodyOf(request.body, notes);
  const args = [
    `${body.pipe}curl`,
    ...(row.method === 'GET' && body.argument === '' ? [] : [`-X ${quoteBytes(row.method)}`]),
    '--globoff --path-as-is --compressed',
    ...headers,
    ...(body.argument === '' ? [] : [body.argument]),
    `--url ${quoteBytes(safeUrl)}`,
  ];
  return { command: args.join(' \\\n  '), notes };
}

function urlOf({ url, host, port }: Flow['row']): string | null {
  if (/^https?:\/\//i.test(url)) return url;
  if (!url.startsWith('/') || host === '') return null;
  const name = host.includes(':') ? `[${host}]` : host;
  return `${port === 80 ? 'http' : 'https'}://${name}${port === null ? '' : `:${port}`}${url}`;
}

function headerArguments({ headers, body }: Flow['request'], notes: string[]): string[] {
  let hidden = 0;
  let odd = 0;
  const args = headers.flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    // HTTP/2 has method and address among its fields.
    if (NOT_SENT.has(lower) || lower.startsWith(':')) return [];
    // The copy was decoded; its label would be wrong.
    if (lower === 'content-encoding' && body.decoded !== '') return [];
    if (!TOKEN.test(name) || /[\r\n\0]/.test(value)) {
      odd += 1;
      return [];
    }
    if (carriesCredential(name)) {
      hidden += 1;
      return [`-H ${quoteBytes(`${name}: ${LEFT_OUT}`)}`];
    }
    return [`-H ${quoteBytes(value === '' ? `${name};` : `${name}: ${latin1(value)}`)}`];
  });
  if (hidden > 0) notes.push(`${hidden} credential${hidden === 1 ? ' was' : 's were'} left out.`);
  if (odd > 0) notes.push(`${odd} headers that curl cannot send were left out.`);
  return args;
}

/** The record has a byte as one character; other programs' logs may have any. */
function latin1(value: string): string {
  return /[^\0-\xff]/.test(value) ? utf8Of(value) : value;
}

function bodyOf(
  body: Flow['request']['body'],
  notes: string[],
): { pipe: string; argument: string } {
  if (body.shown_bytes === 0) return { pipe: '', argument: '' };
  if (body.shown_bytes > MAX_BODY_BYTES || body.decoded_bytes > MAX_BODY_BYTES) {
    notes.push('The body is too long for a command and was left out.');
    return { pipe: '', argument: '' };
  }
  const isWhole = body.truncated === '' && body.missing_parts === 0 && !body.decoded_cut;
  if (!isWhole) notes.push('The record has a part of the body only.');
  if (body.decoded !== '') notes.push('The body was compressed, and is sent as it reads.');
  // `--data-raw`: an `@` in front names no file.
  if (body.encoding === 'utf8' && /^[\x20-\x7e]*$/.test(body.text)) {
    return { pipe: '', argument: `--data-raw ${quoteText(body.text)}` };
  }
  const bytes = bytesOf(body.text, body.encoding, 4 * MAX_BODY_BYTES);
  const pipe = `printf '${printfFormat(bytes)}' | `;
  return { pipe, argument: '--data-binary @-' };
}
