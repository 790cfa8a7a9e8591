// The entries of enforce.yaml and blocklist.yaml: a tree with positions → rules, or problems that
// say the fix. Whatever could be read in two ways is refused. Knows no YAML and no list of suffixes.

import { canonicalIp, parseCidr } from './address.ts';
import { parseHost, parsePath } from './host.ts';
import { LIMITS } from './limits.ts';
import type { Rule } from './policy-source.ts';
import {
  asBoolean,
  asList,
  asMap,
  asText,
  asTexts,
  isNull,
  quote,
  type Report,
  type Tree,
} from './policy-tree.ts';

/** Knowledge about names that lives elsewhere. */
export type Names = {
  /** An ICANN or private entry of the public suffix list, not its default rule. */
  isPublicSuffix(host: string): boolean;
  /** Unicode name → its A-labels; '' = there are none. */
  toAscii(name: string): string;
};

type Kind = {
  readonly list: 'allow' | 'block';
  readonly keys: readonly string[];
  readonly ports: readonly number[] | null;
  readonly maxRules: number;
};

const COMMON_KEYS = ['host', 'ports', 'subdomains', 'paths', 'agents', 'reason'];
const ALLOW = {
  list: 'allow',
  keys: [...COMMON_KEYS, 'private', 'expires'],
  ports: [443],
} as const;
const BLOCK = { list: 'block', keys: COMMON_KEYS, ports: null } as const;
/** A `*.local.yaml` is an overlay: for hosts that the file beside it does not name. */
export const RULE_FILES = {
  'enforce.yaml': { ...ALLOW, maxRules: LIMITS.policyRules },
  'enforce.local.yaml': { ...ALLOW, maxRules: LIMITS.policyListEntries },
  'blocklist.yaml': { ...BLOCK, maxRules: LIMITS.policyRules },
  'blocklist.local.yaml': { ...BLOCK, maxRules: LIMITS.policyListEntries },
} as const satisfies Record<string, Kind>;
export type RuleFile = keyof typeof RULE_FILES;

/** RFC 9110 section 5.6.2. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;
const AGENT_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
/** A sentence or two; it goes into no record. */
const MAX_REASON = 500;
const DATE =
  /^(\d{4})-(\d{2})-(\d{2})(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?$/;

/** The whole file's tree → its rules; problems go into the report. */
export function readRules(tree: Tree, kind: Kind, names: Names, report: Report): Rule[] {
  const items = asList(
    asMap(tree, 'the file', [kind.list], report)?.get(kind.list),
    kind.list,
    report,
  );
  if (items.length > kind.maxRules) {
    report.add(tree.at, `${kind.list} has at most ${kind.maxRules} entries`);
    return [];
  }
  const seen = new Map<string, number>();
  return items.flatMap((item) => {
    const rule = readRule(item, { kind, names, report });
    if (rule === null) return [];
    // Several entries of one host are alternatives; the same one twice is a slip, or a wrong edit.
    const same = JSON.stringify({ ...rule, text: '', reason: '' });
    const line = seen.get(same);
    if (line !== undefined) {
      report.add(
        item.at,
        `${quote(rule.host)} stands in line ${line} already, the same: delete one`,
      );
    } else seen.set(same, item.at.line);
    return rule;
  });
}

type Context = { readonly kind: Kind; readonly names: Names; readonly report: Report };

function readRule(tree: Tree, context: Context): Rule | null {
  const { kind, report } = context;
  const isText = tree.kind === 'scalar';
  const map = isText ? new Map([['host', tree]]) : asMap(tree, 'an entry', kind.keys, report);
  if (map === null) return null;
  const hostTree = map.get('host');
  if (hostTree === undefined) {
    report.add(tree.at, 'an entry must have a host');
    return null;
  }
  const written = asText(hostTree, 'host', report);
  const subdomains = asBoolean(map.get('subdomains'), 'subdomains', true, report);
  const host = written === null ? null : readHost(written, subdomains, context);
  if (host !== null && typeof host === 'object') report.add(hostTree.at, host.problem);
  const rule = {
    ports: readPorts(map.get('ports'), kind.ports, report),
    subdomains,
    paths: readPaths(map.get('paths'), report),
    agents: readAgents(map.get('agents'), report),
    private: asBoolean(map.get('private'), 'private', false, report),
    expiresAtMs: readExpiry(map.get('expires'), report),
    reason: readReason(map.get('reason'), report),
  };
  if (typeof host !== 'string') return null;
  return { host, ...rule, text: `${report.file}:${hostTree.at.line} ${written}` };
}

/** Ladder: what a name might have been meant as, then its normal form, then how far it reaches. */
function readHost(
  written: string,
  subdomains: boolean,
  { names }: Context,
): string | { problem: string } {
  const shown = quote(written);
  // 1. Wildcards.
  const wildcard = written.startsWith('*.');
  const text = wildcard ? written.slice(2) : written;
  if (text === '' || text === '*') {
    return { problem: `${shown} would match every host: name the hosts, or set the mode to audit` };
  }
  if (text.includes('*')) {
    return {
      problem: `${shown} has a "*" inside: it may stand only in front, as in "*.example.com"`,
    };
  }
  if (wildcard && !subdomains) {
    return { problem: `${shown} contradicts subdomains: false: write ${quote(text)}` };
  }
  // 2. What is no name.
  if (text.includes('/')) return { problem: notAName(text, shown) };
  // 3. The normal form.
  const host = parseHost(text);
  if (typeof host !== 'string') return { problem: wrongHost(text, host.problem, names) };
  if (host !== text) return { problem: `${shown} is not in normal form: write ${quote(host)}` };
  // 4. Too far.
  if (wildcard && canonicalIp(host) !== null) {
    return { problem: `${shown} is an IP address, which has no subdomains: write ${quote(host)}` };
  }
  if (subdomains && names.isPublicSuffix(host)) {
    return {
      problem: `${shown} is a public suffix, below it anybody can have a name: list the names, or add subdomains: false`,
    };
  }
  return host;
}

function notAName(text: string, shown: string): string {
  if (text.includes('://')) {
    const host = /^[^/]*:\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
    return `${shown} is a URL: write the host alone, ${quote(host)}, and its path under paths`;
  }
  return 'problem' in parseCidr(text)
    ? `${shown} has a path: write the host alone and the path under paths`
    : `${shown} is an IP range: list single addresses here, ranges in network.yaml under allow_private`;
}

function wrongHost(text: string, problem: string, names: Names): string {
  const shown = quote(text);
  if (/[^\0-\x7f]/.test(text)) {
    const ascii = names.toAscii(text);
    const hint = ascii === '' ? 'use A-labels (xn--)' : `write ${quote(ascii)}`;
    return `${shown} is not plain ASCII: ${hint}`;
  }
  const withPort = /^(.+):([0-9]+)$/.exec(text);
  const host = parseHost(withPort?.[1] ?? '');
  return withPort !== null && typeof host === 'string'
    ? `${shown} has a port: write host: ${quote(host)} with ports: [${withPort[2]}]`
    : `${shown} is not a host: ${problem}`;
}

function readPorts(
  tree: Tree | undefined,
  fallback: readonly number[] | null,
  report: Report,
): readonly number[] | null {
  if (tree === undefined) return fallback;
  if (tree.kind !== 'list' || tree.items.length === 0) {
    report.add(tree.at, 'ports must be a list like [443, 8443]; leave the key out for the default');
    return fallback;
  }
  return tree.items.flatMap((item) => {
    const port = item.kind === 'scalar' ? item.value : null;
    if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535)
      return port;
    const got = item.kind === 'scalar' ? String(item.value) : `a ${item.kind}`;
    report.add(item.at, `ports must be 1-65535, got ${got.slice(0, 80)}`);
    return [];
  });
}

function readPaths(tree: Tree | undefined, report: Report): Rule['paths'] {
  if (tree === undefined) return null;
  if (tree.kind !== 'list' || tree.items.length === 0) {
    report.add(
      tree.at,
      'paths must be a list like [{method: GET, prefix: /repos/}]; leave the key out for any path',
    );
    return [];
  }
  return tree.items.flatMap((item) => {
    const map = asMap(item, 'an entry of paths', ['method', 'prefix'], report);
    if (map === null) return [];
    if (map.size === 0) report.add(item.at, 'an entry of paths must have a method or a prefix');
    return {
      method: readMethod(map.get('method'), report),
      prefix: readPrefix(map.get('prefix'), report),
    };
  });
}

function readMethod(tree: Tree | undefined, report: Report): string {
  if (tree === undefined) return '';
  const method = asText(tree, 'method', report);
  if (method !== null && !METHOD.test(method)) {
    report.add(tree.at, `method must be one word like GET, got ${quote(method)}`);
  }
  return method?.toUpperCase() ?? '';
}

function readPrefix(tree: Tree | undefined, report: Report): string {
  if (tree === undefined) return '';
  const prefix = asText(tree, 'prefix', report);
  if (prefix === null) return '';
  const parsed = prefix.startsWith('/') ? parsePath(prefix) : { problem: 'it must begin with "/"' };
  if ('problem' in parsed) {
    report.add(tree.at, `prefix ${quote(prefix)} is not a path: ${parsed.problem}`);
  } else if (prefix.includes('?')) {
    report.add(tree.at, `prefix ${quote(prefix)} has a query: write ${quote(parsed.path)}`);
  } else if (parsed.ambiguous) {
    report.add(
      tree.at,
      `prefix ${quote(prefix)} can be read in several ways: no encoded "/", "\\" or dots`,
    );
  } else if (parsed.path !== prefix) {
    report.add(
      tree.at,
      `prefix ${quote(prefix)} is not in normal form: write ${quote(parsed.path)}`,
    );
  }
  return prefix;
}

function readAgents(tree: Tree | undefined, report: Report): Rule['agents'] {
  if (tree === undefined) return null;
  const agents = asTexts(tree, 'agents', report, parseAgentName);
  if (tree.kind === 'list' ? tree.items.length === 0 : isNull(tree)) {
    report.add(tree.at, 'agents must name at least one agent; leave the key out for all of them');
  }
  return agents;
}

/** The name of an agent as records and rules have it. */
export function parseAgentName(text: string): string | { problem: string } {
  return AGENT_NAME.test(text)
    ? text
    : { problem: `agent name ${quote(text)} must be 1-64 of letters, digits, ".", "_", "@", "-"` };
}

function readExpiry(tree: Tree | undefined, report: Report): number | null {
  if (tree === undefined) return null;
  const text = tree.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : '';
  const [, year, month, day] = DATE.exec(text) ?? [];
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC turns February 30 into March 2, and month 13 or 0 into one of the year beside.
  const exists =
    new Date(date).getUTCDate() === Number(day) &&
    new Date(date).getUTCMonth() === Number(month) - 1;
  if (exists) return Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text);
  report.add(
    tree.at,
    'expires must be a date (its first second, UTC) or a time with zone: 2030-01-31T18:00:00Z',
  );
  return null;
}

function readReason(tree: Tree | undefined, report: Report): string {
  const reason = tree === undefined ? '' : (asText(tree, 'reason', report) ?? '');
  if (tree !== undefined && reason.length > MAX_REASON) {
    report.add(tree.at, `reason has at most ${MAX_REASON} characters`);
  }
  return reason;
}
