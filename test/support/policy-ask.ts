// Policies and asks for tests of decisions, made as the proxy makes them: by the parsers.

import { parseAbsoluteUri, parseAuthority, parsePath } from '../../src/shared/host.ts';
import { type Ask, compilePolicy, type Policy } from '../../src/shared/policy.ts';
import { EMPTY_POLICY, type PolicySource, type Rule } from '../../src/shared/policy-source.ts';
import { good } from './good.ts';

/** A rule that holds for every port, path and agent below its host, but for these changes. */
export function ruleFor(host: string, changes: Partial<Rule> = {}): Rule {
  return {
    host,
    ports: null,
    subdomains: true,
    paths: null,
    agents: null,
    private: false,
    expiresAtMs: null,
    reason: '',
    text: `rule of ${host}`,
    ...changes,
  };
}

/** Enforces empty lists, but for these changes. */
export function policyOf(source: Partial<PolicySource>): Policy {
  return compilePolicy(1, { ...EMPTY_POLICY, ...source });
}

/** The addresses of network.yaml, for a test that opens or closes some. */
export function networkOf(network: Partial<PolicySource['network']>): PolicySource['network'] {
  return { ...EMPTY_POLICY.network, ...network };
}

/** `api.test:443` asks for a tunnel, `GET https://api.test/a` for a request. */
export function askFor(text: string, changes: Partial<Ask> = {}): Ask {
  const base = { agent: '', nowMs: 0 };
  const [method = '', uri] = text.split(' ');
  if (uri === undefined) {
    return { ...base, stage: 'connect', target: good(parseAuthority(text, 443)), ...changes };
  }
  const { target, path } = good(parseAbsoluteUri(uri));
  return { ...base, stage: 'request', target, method, ...good(parsePath(path)), ...changes };
}
