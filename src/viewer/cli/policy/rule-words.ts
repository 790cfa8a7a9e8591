// `HOST[:PORT][/prefix]` and the options beside it → the entry that is meant, in the words of the API.
// Pure. Whether the entry is a good one, the parser of the file says.

import { parsePort } from '../../../shared/address.ts';
import { parseHost } from '../../../shared/host.ts';
import { spanSeconds } from '../../../shared/query.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import type { EntrySpec } from '../../policy/policy-edit.ts';
import { type Given, optionValue } from '../table/verb.ts';

type Problem = { readonly problem: string };

/** The words of a verb → an entry. `nowMs`: what `--expires 2h` counts from. */
export function readRuleWords(given: Given, nowMs: number): EntrySpec | Problem {
  const place = readPlace(given.args[0] ?? '');
  if ('problem' in place) return place;
  const method = optionValue(given, '--method');
  const reason = optionValue(given, '--reason');
  const agents = given.options.get('--agent');
  const expires = readExpiry(optionValue(given, '--expires'), nowMs);
  if (typeof expires === 'object') return expires;
  return {
    ...place,
    ...(method !== undefined && { method: method.toUpperCase() }),
    scope: method !== undefined || place.prefix !== undefined ? 'path' : 'host',
    ...(given.options.has('--private') && { private: true }),
    ...(given.options.has('--exact') && { subdomains: false }),
    ...(agents !== undefined && { agents }),
    ...(expires !== undefined && { expires }),
    ...(reason !== undefined && { reason }),
  };
}

/** `api.x.com:8443/v1`, `[2001:db8::1]:443`: names in their normal form, so that case does not matter. */
function readPlace(text: string): Pick<EntrySpec, 'host' | 'port' | 'prefix'> | Problem {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/i.exec(text);
  if (url !== null) {
    return {
      problem: `${quote(text)} is a URL: write HOST[:PORT][/prefix], ${quote(url[1] ?? '')}`,
    };
  }
  const slash = text.indexOf('/');
  const authority = slash < 0 ? text : text.slice(0, slash);
  const prefix = slash < 0 ? '' : text.slice(slash);
  // More than one colon without brackets is an IPv6 address, and no port.
  const [, named, digits] = /^(\[.*\]|[^:]*)(?::([^:]*))?$/.exec(authority) ?? [];
  const written = named ?? authority;
  const port = digits === undefined ? undefined : parsePort(digits);
  if (port === null) return { problem: `the port of ${quote(text)} must be 1-65535` };
  const host = parseHost(written.replace(/^\*\./, ''));
  return {
    host: typeof host === 'string' ? written.replace(/^(\*\.)?.*$/s, `$1${host}`) : written,
    ...(port !== undefined && { port }),
    ...(prefix !== '' && { prefix }),
  };
}

/** A time from now (`30m`, `2h`, `7d`) or a date, as the files have it. */
function readExpiry(text: string | undefined, nowMs: number): string | undefined | Problem {
  if (text === undefined) return undefined;
  const seconds = spanSeconds(text);
  if (seconds === null) {
    if (Date.parse(text) <= nowMs) return { problem: `--expires ${quote(text)} is past` };
    if (/^\d{4}-\d\d-\d\d/.test(text)) return text;
    return {
      problem: `--expires takes a time from now (30m, 2h, 7d) or a date, got ${quote(text)}`,
    };
  }
  const end = new Date(Math.ceil(nowMs / 1000 + seconds) * 1000);
  // 32 bits of days are no date.
  if (Number.isNaN(end.getTime()) || end.getUTCFullYear() > 9999) {
    return { problem: `--expires ${quote(text)} is beyond all dates` };
  }
  return end.toISOString().replace('.000Z', 'Z');
}

function quote(text: string): string {
  return visibleJson(text.slice(0, 80));
}
