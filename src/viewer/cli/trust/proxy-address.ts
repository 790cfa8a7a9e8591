// By which address agents reach the proxy, as far as its own machine can know: what the operator said, the
// address that it listens on, or the first of this machine that is none of its own loopback.

import { networkInterfaces } from 'node:os';
import type { Config } from '../../../shared/config.ts';
import { formatAuthority, type Host, parseAuthority } from '../../../shared/host.ts';
import { proxyUrlOf } from '../../../shared/trust/trust-files.ts';
import { type Given, optionValue } from '../table/verb.ts';

/** Shared by the verbs that name the proxy. */
export const PROXY_OPTION = {
  name: '--proxy',
  value: 'HOST:PORT',
  help: 'by which agents reach the proxy (else LEASH_PROXY_ADDRESS, or an address of this machine)',
} as const;

/** `host:port`, or the line that says what is wrong with what was given. */
export function proxyAuthority(
  config: Config,
  given: Given,
): { readonly authority: string } | { readonly problem: string } {
  const text = optionValue(given, '--proxy');
  if (text === undefined) return { authority: config.proxyAddress || ownAuthority(config) };
  const target = parseAuthority(text.replace(/^http:\/\//, '').replace(/\/$/, ''), null);
  if ('problem' in target) return { problem: `--proxy takes HOST:PORT: ${target.problem}` };
  return { authority: target.authority };
}

/** The URL of it. */
export function proxyUrl(authority: string): string {
  return proxyUrlOf(authority);
}

function ownAuthority({ bind, proxyPort }: Config): string {
  if (bind !== '::' && bind !== '0.0.0.0') return formatAuthority(bind as Host, proxyPort);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const first = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return formatAuthority((first?.address ?? '127.0.0.1') as Host, proxyPort);
}
