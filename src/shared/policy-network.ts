// The content of network.yaml: a tree with positions → which addresses are open or closed, which
// tunnels are not looked into and which hosts go past the upstream proxy, or problems that say the fix. Knows no YAML.

import { canonicalIp, type parseCidr, parseCidrPort, parseNat64 } from './address.ts';
import { parseAuthority, parseHost } from './host.ts';
import type { PolicySource } from './policy-source.ts';
import { asMap, asTexts, quote, type Report, type Tree } from './policy-tree.ts';

const KEYS = ['allow_private', 'deny', 'nat64', 'passthrough', 'opaque', 'direct'];

/** The whole file's tree → its content; problems go into the report. */
export function readNetwork(tree: Tree, report: Report): PolicySource['network'] {
  const map = asMap(tree, 'the file', KEYS, report);
  const list = (name: string, read: (text: string) => string | { problem: string }) =>
    asTexts(map?.get(name), name, report, read);
  return {
    allowPrivate: list('allow_private', readNetworkPort),
    deny: list('deny', readNetworkPort),
    nat64: list('nat64', (text) => textOf(parseNat64(text))),
    passthrough: list('passthrough', readHosts),
    opaque: list('opaque', readOpaque),
    direct: list('direct', readHosts),
  };
}

function readNetworkPort(text: string): string | { problem: string } {
  const parsed = parseCidrPort(text);
  if ('problem' in parsed) return parsed;
  const { cidr, port } = parsed;
  if (port === null) return cidr.text;
  return cidr.bytes.length === 4 ? `${cidr.text}:${port}` : `[${cidr.text}]:${port}`;
}

/** A host, or `*.host`: what is listed is an exception, so that nothing wider is guessed. */
function readHosts(text: string): string | { problem: string } {
  const name = text.startsWith('*.') ? text.slice(2) : text;
  const host = parseHost(name);
  if (typeof host !== 'string') {
    return { problem: `${quote(text)} is not a host: ${host.problem}` };
  }
  if (name !== text && (!name.includes('.') || canonicalIp(host) !== null)) {
    return { problem: `${quote(text)} would match too much: list the names` };
  }
  if (host !== name) {
    const written = name === text ? host : `*.${host}`;
    return { problem: `${quote(text)} is not in normal form: write ${quote(written)}` };
  }
  return text;
}

function readOpaque(text: string): string | { problem: string } {
  const target = parseAuthority(text, null);
  if ('problem' in target) {
    return {
      problem: `${quote(text)} must be host:port, like "git.example.com:22": ${target.problem}`,
    };
  }
  if (target.authority !== text) {
    return { problem: `${quote(text)} is not in normal form: write ${quote(target.authority)}` };
  }
  return text;
}

function textOf<P extends { problem: string }>(value: ReturnType<typeof parseCidr> | P) {
  return 'text' in value ? value.text : value;
}
