// One flow → one entry of an HTTP Archive (HAR 1.2). Pure. What the format has no name for stands in
// `_leash`, as it asks of extensions. Whether credentials are hidden is decided where the flow was read.

import type { HeaderPairs } from '../../shared/audit-event.ts';
import type { Body } from '../store/capture-join.ts';
import type { Flow, Message } from '../store/flow.ts';

type HarPair = { name: string; value: string };

type HarEntry = {
  startedDateTime: string;
  time: number;
  request: {
    method: string;
    url: string;
    httpVersion: string;
    cookies: HarPair[];
    headers: HarPair[];
    queryString: HarPair[];
    postData?: { mimeType: string; text: string; _encoding?: 'base64'; comment?: string };
    headersSize: number;
    bodySize: number;
  };
  response: {
    status: number;
    statusText: string;
    httpVersion: string;
    cookies: HarPair[];
    headers: HarPair[];
    content: {
      size: number;
      mimeType: string;
      text?: string;
      encoding?: 'base64';
      comment?: string;
    };
    redirectURL: string;
    headersSize: number;
    bodySize: number;
    comment?: string;
  };
  cache: Record<string, never>;
  timings: { send: number; wait: number; receive: number };
  serverIPAddress?: string;
  comment?: string;
  _leash: Record<string, unknown>;
};

/** The format's word for what is not known. */
const UNKNOWN = -1;
const VERSIONS: Readonly<Record<string, string>> = { h1: 'HTTP/1.1', h2: 'HTTP/2', ws: 'HTTP/1.1' };

/** Whether a flow is a request: all an archive can hold. */
export function isRequest({ row }: Flow): boolean {
  return row.method !== '' && row.event !== 'websocket' && row.class !== 'event';
}

export function toHarEntry(flow: Flow): HarEntry {
  const { row, fields, request, response } = flow;
  const total = row.duration_ms ?? 0;
  const wait = Math.min(total, typeof fields.ttfb_ms === 'number' ? fields.ttfb_ms : total);
  const httpVersion = VERSIONS[String(fields.proto)] ?? 'unknown';
  const started = flow.opened?.ts ?? row.ts - total / 1000;
  const address = typeof fields.upstream_ip === 'string' ? fields.upstream_ip : '';
  return {
    startedDateTime: dateOf(started),
    time: total,
    request: {
      method: row.method,
      url: urlOf(flow),
      httpVersion,
      cookies: flow.redacted ? [] : cookiesOf(request.headers),
      headers: pairs(request.headers),
      queryString: queryOf(row.url),
      ...postData(request),
      headersSize: UNKNOWN,
      bodySize: row.req_bytes,
    },
    response: {
      status: row.status ?? 0,
      statusText: '',
      httpVersion,
      cookies: flow.redacted ? [] : setCookiesOf(response.headers),
      headers: pairs(response.headers),
      content: contentOf(response),
      redirectURL: firstOf(response.headers, 'location'),
      headersSize: UNKNOWN,
      bodySize: row.status === null ? UNKNOWN : row.bytes,
      ...(row.reason !== '' && { comment: `${row.event}: ${row.reason}` }),
    },
    cache: {},
    timings: { send: 0, wait, receive: total - wait },
    ...(address !== '' && { serverIPAddress: address }),
    ...(flow.redacted && { comment: 'values of credential headers are hidden' }),
    _leash: leashFields(flow),
  };
}

function leashFields({ row, fields, request, response }: Flow): Record<string, unknown> {
  return {
    id: row.id,
    at: row.at,
    seq: row.seq,
    event: row.event,
    class: row.class,
    client: row.client,
    agent: row.agent,
    host: row.host,
    port: row.port,
    reason: row.reason,
    rule: row.rule,
    policy: fields.policy,
    mode: fields.mode,
    req_sha256: request.body.sha256,
    res_sha256: response.body.sha256,
  };
}

/** An archive's URL is absolute; the original wrote paths alone. */
function urlOf({ row }: Flow): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(row.url)) return row.url;
  const port = row.port === null || row.port === 443 || row.port === 80 ? '' : `:${row.port}`;
  return `${row.port === 80 ? 'http' : 'https'}://${row.host}${port}${row.url}`;
}

function postData({ headers, body }: Message): Pick<HarEntry['request'], 'postData'> {
  if (body.shown_bytes === 0) return {};
  const comment = cutComment(body);
  return {
    postData: {
      mimeType: firstOf(headers, 'content-type'),
      text: body.text,
      ...(body.encoding === 'base64' && { _encoding: 'base64' as const }),
      ...(comment !== '' && { comment }),
    },
  };
}

function contentOf({ headers, body }: Message): HarEntry['response']['content'] {
  const comment = cutComment(body);
  return {
    size: body.decoded_bytes || body.shown_bytes,
    mimeType: firstOf(headers, 'content-type') || 'x-unknown',
    ...(body.shown_bytes > 0 && { text: body.text }),
    ...(body.shown_bytes > 0 && body.encoding === 'base64' && { encoding: 'base64' as const }),
    ...(comment !== '' && { comment }),
  };
}

/** In what way the text is not the whole body. */
function cutComment(body: Body): string {
  const notes = [
    body.truncated === '' ? '' : `not the whole body: ${body.truncated}`,
    body.missing_parts > 0 ? `${body.missing_parts} parts were not found` : '',
    body.shown_bytes < body.captured_bytes
      ? `the first ${body.shown_bytes} of ${body.captured_bytes} bytes on the log`
      : '',
    body.decoded_cut ? 'the decoded text goes on' : '',
  ];
  return notes.filter((note) => note !== '').join('; ');
}

function queryOf(url: string): HarPair[] {
  const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
  return [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}

function cookiesOf(headers: HeaderPairs): HarPair[] {
  return valuesOf(headers, 'cookie').flatMap((value) => value.split(';').flatMap(cookie));
}

function setCookiesOf(headers: HeaderPairs): HarPair[] {
  return valuesOf(headers, 'set-cookie').flatMap((value) => cookie(value.split(';')[0] ?? ''));
}

function cookie(text: string): HarPair[] {
  const equals = text.indexOf('=');
  if (equals < 0) return [];
  return [{ name: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() }];
}

function pairs(headers: HeaderPairs): HarPair[] {
  return headers.map(([name, value]) => ({ name, value }));
}

function valuesOf(headers: HeaderPairs, wanted: string): string[] {
  return headers.flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value] : []));
}

function firstOf(headers: HeaderPairs, wanted: string): string {
  return valuesOf(headers, wanted)[0] ?? '';
}

/** A record may hold any number for a time; an archive needs a date. */
function dateOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
