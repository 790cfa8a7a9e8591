// The head of a CONNECT → where it leads, or why it is refused. Pure.

import { parseAuthority, type Target } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { type RawHeaders, valuesOf } from './header-list.ts';

export type ConnectProblem = {
  readonly status: 400 | 417 | 421 | 431;
  readonly reason: string;
  readonly otherHost?: string;
};

/** Parses the authority, once; the Host of a CONNECT must name the same (RFC 9110 9.3.6). */
export function readConnect(
  url: string,
  headers: RawHeaders,
  httpVersion: string,
): Target | ConnectProblem {
  if (headers.length > LIMITS.headers * 2) return { status: 431, reason: 'too_many_headers' };
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return malformed('http_version');
  const target = parseAuthority(url, null);
  if ('problem' in target) return malformed('connect_target');
  if (['content-length', 'transfer-encoding'].some((name) => valuesOf(headers, name).length > 0)) {
    return malformed('connect_with_body');
  }
  // Node asks nobody about the expectation of a CONNECT.
  if (valuesOf(headers, 'expect').length > 0) return { status: 417, reason: 'malformed: expect' };
  const hosts = valuesOf(headers, 'host');
  if (hosts.length > 1) return malformed('two_host_headers');
  if (hosts[0] === undefined) {
    return httpVersion === '1.0' ? target : malformed('no_host_header');
  }
  const host = parseAuthority(hosts[0], target.port);
  if ('problem' in host) return malformed('host_header');
  if (host.host === target.host && host.port === target.port) return target;
  return { status: 421, reason: 'host_mismatch', otherHost: host.authority };
}

function malformed(what: string): ConnectProblem {
  return { status: 400, reason: `malformed: ${what}` };
}
