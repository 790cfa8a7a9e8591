// The texts of all policy files → what they say together, as the primary puts it in force. Pure.

import {
  isCutOff,
  isProblems,
  type PolicyProblem,
  parseAgents,
  parseMode,
  parseNetwork,
  parseRules,
} from './policy-file.ts';
import {
  EMPTY_POLICY,
  POLICY_FILES,
  type PolicyFile,
  type PolicySource,
  type Rule,
} from './policy-source.ts';

/** Content of one policy file, as the part of the policy that it is. */
export function parsePolicyFile(
  file: PolicyFile,
  text: string,
): Partial<PolicySource> | PolicyProblem[] {
  switch (file) {
    case 'mode':
      return wrap(parseMode(text), (mode) => ({ mode }));
    case 'enforce.yaml':
    case 'enforce.local.yaml':
      return wrap(parseRules(file, text), (allow) => ({ allow }));
    case 'blocklist.yaml':
    case 'blocklist.local.yaml':
      return wrap(parseRules(file, text), (block) => ({ block }));
    case 'agents.yaml':
      return wrap(parseAgents(text), (agents) => agents);
    case 'network.yaml':
      return wrap(parseNetwork(text), (network) => ({ network }));
  }
}

/** The same, and it must not end in the middle of a line: the primary would not take it. */
export function parseWholeFile(
  file: PolicyFile,
  text: string,
): Partial<PolicySource> | PolicyProblem[] {
  const content = parsePolicyFile(file, text);
  if (isProblems(content) || file === 'mode' || !isCutOff(text)) return content;
  const message = 'the last line has no end, as if it was cut off: end it with a newline';
  return [{ file, line: text.split('\n').length, column: 1, message }];
}

/** Lists grow by what an overlay has for other hosts: the file that comes first wins per host. */
export function joinContent(source: PolicySource, content: Partial<PolicySource>): PolicySource {
  const { allow = [], block = [], ...others } = content;
  return {
    ...source,
    ...others,
    allow: withOtherHosts(source.allow, allow),
    block: withOtherHosts(source.block, block),
  };
}

/** Texts by file name → the whole policy, and the problems of files that it is made without. */
export function joinPolicy(texts: Readonly<Record<string, string>>): {
  readonly source: PolicySource;
  readonly problems: readonly PolicyProblem[];
} {
  let source = EMPTY_POLICY;
  const problems: PolicyProblem[] = [];
  for (const file of POLICY_FILES) {
    const text = texts[file];
    if (text === undefined || (file === 'mode' && text.trim() === '')) continue;
    const content = parseWholeFile(file, text);
    if (isProblems(content)) problems.push(...content);
    else source = joinContent(source, content);
  }
  return { source, problems };
}

function withOtherHosts(base: readonly Rule[], overlay: readonly Rule[]): readonly Rule[] {
  if (base.length === 0 || overlay.length === 0) return base.length === 0 ? overlay : base;
  const hosts = new Set(base.map((rule) => rule.host));
  return [...base, ...overlay.filter((rule) => !hosts.has(rule.host))];
}

function wrap<T>(
  parsed: T | PolicyProblem[],
  content: (value: T) => Partial<PolicySource>,
): Partial<PolicySource> | PolicyProblem[] {
  return isProblems(parsed) ? parsed : content(parsed);
}
