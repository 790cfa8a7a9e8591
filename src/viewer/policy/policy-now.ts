// The policy as its files say it now, compiled for `decide`: what the page's "today" is asked of. What
// is in force is the primary's word; where a file is wrong it holds on to an older one, which is not
// known here, so that then there is no answer.

import { createHash } from 'node:crypto';
import { compilePolicy, type Policy } from '../../shared/policy.ts';
import {
  isCutOff,
  isProblems,
  type PolicyProblem,
  parseAgents,
  parseMode,
  parseNetwork,
  parseRules,
} from '../../shared/policy-file.ts';
import { EMPTY_POLICY, type PolicySource, type Rule } from '../../shared/policy-source.ts';
import { type PolicyTexts, readPolicy } from './policy-reader.ts';

export type PolicyNow = {
  readonly policy: Policy;
  readonly texts: PolicyTexts;
};

/** A function that gives the policy of now, or what is wrong with it. Files are parsed once a change. */
export function createPolicyNow(policyDir: string): () => Promise<PolicyNow | PolicyProblem> {
  let key = '';
  let known: PolicyNow | PolicyProblem | null = null;
  return async () => {
    const texts = await readPolicy(policyDir);
    const wanted = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
    if (known === null || wanted !== key) known = compile(texts);
    key = wanted;
    return known;
  };
}

function compile(texts: PolicyTexts): PolicyNow | PolicyProblem {
  const { files } = texts;
  for (const [file, text] of Object.entries(files)) {
    const message = 'its last line has no end, as if it was cut off';
    if (isCutOff(text)) return { file, line: 1, column: 1, message };
  }
  // A missing mode is enforce for the primary, too.
  const mode = texts.mode === '' ? EMPTY_POLICY.mode : parseMode(texts.mode);
  const allow = parseRules('enforce.yaml', files['enforce.yaml'] ?? '');
  const allowLocal = parseRules('enforce.local.yaml', files['enforce.local.yaml'] ?? '');
  const block = parseRules('blocklist.yaml', files['blocklist.yaml'] ?? '');
  const blockLocal = parseRules('blocklist.local.yaml', files['blocklist.local.yaml'] ?? '');
  const agents = parseAgents(files['agents.yaml'] ?? '');
  const network = parseNetwork(files['network.yaml'] ?? '');
  for (const part of [mode, allow, allowLocal, block, blockLocal, agents, network]) {
    if (isProblems(part)) return part[0] as PolicyProblem;
  }
  const source = {
    ...(agents as Pick<PolicySource, 'agents' | 'agentNetworks' | 'requireIdentity'>),
    mode: mode as PolicySource['mode'],
    network: network as PolicySource['network'],
    allow: withOtherHosts(allow as Rule[], allowLocal as Rule[]),
    block: withOtherHosts(block as Rule[], blockLocal as Rule[]),
  };
  return { policy: compilePolicy(0, source), texts };
}

/** An overlay is for hosts that the file beside it does not name. */
function withOtherHosts(base: readonly Rule[], overlay: readonly Rule[]): readonly Rule[] {
  const hosts = new Set(base.map((rule) => rule.host));
  return [...base, ...overlay.filter((rule) => !hosts.has(rule.host))];
}
