import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ask, type Decision, decide, denyAll } from '../../src/shared/policy.ts';
import type { Mode, Rule } from '../../src/shared/policy-source.ts';
import { askFor, policyOf, ruleFor } from '../support/policy-ask.ts';

const NOW = 100;
// Few values of each kind, so that rules and asks meet often.
const host = fc.constantFrom('a.test', 'x.a.test', 'y.x.a.test', 'b.test', 'x.b.test', '10.0.0.1');
const port = fc.constantFrom(80, 443);
const method = fc.constantFrom('GET', 'POST');
const agent = fc.constantFrom('ci', 'cd');
const prefix = fc.constantFrom('', '/a', '/a/b', '/c');
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const some = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: 1, maxLength: 2 });

const rule: fc.Arbitrary<Rule> = fc
  .record({
    host,
    ports: orNull(some(port)),
    subdomains: fc.boolean(),
    paths: orNull(some(fc.record({ method: fc.oneof(fc.constant(''), method), prefix }))),
    agents: orNull(some(agent)),
    private: fc.boolean(),
    expiresAtMs: fc.constantFrom(null, NOW, NOW + 1),
  })
  .map((changes) => ruleFor(changes.host, changes));
/** A rule without conditions: it matches each ask for its host and what is below. */
const plainRule = host.map((name) => ruleFor(name));
const rules = fc.array(rule, { maxLength: 6 });

const ask: fc.Arbitrary<Ask> = fc
  .tuple(
    host,
    port,
    orNull(method),
    fc.constantFrom('/a', '/a/b', '/a/c', '/c', '/', '/a%2fb', '/a/..;/c'),
    fc.oneof(fc.constant(''), agent),
  )
  .map(([name, number, verb, path, who]) => {
    const text = `${name}:${number}`;
    return askFor(verb === null ? text : `${verb} http://${text}${path}`, {
      agent: who,
      nowMs: NOW,
    });
  });

const RUNS = { numRuns: 1000 };
const decideWith = (mode: Mode, allow: Rule[], block: Rule[], each: Ask): Decision =>
  decide(policyOf({ mode, allow, block }), each);

/** What a list says, in the words of the manual and with no index: slow and plain. */
function simpleLook(list: readonly Rule[], each: Ask): { level: Rule[]; here: Rule[] } {
  const name: string = each.target.host;
  const reaches = (entry: Rule) =>
    entry.host === name || (entry.subdomains && name.endsWith(`.${entry.host}`));
  const alive = list.filter(
    (entry) => reaches(entry) && (entry.expiresAtMs === null || entry.expiresAtMs > each.nowMs),
  );
  const longest = Math.max(0, ...alive.map((entry) => entry.host.length));
  const level = alive.filter((entry) => entry.host.length === longest);
  const here = level.filter(
    (entry) =>
      (entry.ports?.includes(each.target.port) ?? true) &&
      (entry.agents?.includes(each.agent) ?? true),
  );
  return { level, here };
}

function pathMatches(entry: Rule, each: Ask): boolean {
  return (
    entry.paths?.some(
      (one) =>
        (one.method === '' || one.method === each.method) && each.path?.startsWith(one.prefix),
    ) ?? true
  );
}

function simpleAllows(mode: Mode, allow: readonly Rule[], block: readonly Rule[], each: Ask) {
  if (mode === 'audit') return true;
  const { here } = simpleLook(mode === 'enforce' ? allow : block, each);
  const withPaths = here.some((entry) => entry.paths !== null);
  const unclear = each.ambiguous === true && withPaths;
  if (mode === 'enforce') {
    if (each.stage === 'connect') return here.length > 0;
    return !unclear && here.some((entry) => pathMatches(entry, each));
  }
  if (each.stage === 'connect') return !here.some((entry) => entry.paths === null);
  return !unclear && !here.some((entry) => pathMatches(entry, each));
}

const mode = fc.constantFrom<Mode>('enforce', 'audit', 'blocklist');

describe('decide()', () => {
  it('decides as the plain reading of the rules does', () => {
    fc.assert(
      fc.property(mode, rules, rules, ask, (each, allow, block, asked) => {
        expect(decideWith(each, allow, block, asked).allow).toBe(
          simpleAllows(each, allow, block, asked),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('is deterministic: the same ask has the same answer, whatever was asked in between', () => {
    fc.assert(
      fc.property(
        mode,
        rules,
        rules,
        fc.array(ask, { minLength: 1 }),
        (each, allow, block, asks) => {
          const policy = policyOf({ mode: each, allow, block });
          const before = structuredClone(policy);
          const first = asks.map((one) => decide(policy, one));
          expect(asks.toReversed().map((one) => decide(policy, one))).toEqual(first.toReversed());
          expect(policy).toEqual(before);
        },
      ),
    );
  });

  it('denies by default: without a policy, and without a matching entry', () => {
    fc.assert(
      fc.property(ask, rules, (asked, block) => {
        expect(decide(denyAll, asked)).toMatchObject({ allow: false, reason: 'no_policy' });
        expect(decideWith('enforce', [], block, asked)).toMatchObject({
          allow: false,
          reason: 'not_in_allowlist',
        });
      }),
    );
  });

  it('never allows more for a block rule that is added beside those of the same host', () => {
    fc.assert(
      fc.property(rules, rule, ask, (block, extra, asked) => {
        // A further entry of the host that decides cannot narrow what its parents say.
        const [decides] = simpleLook(block, asked).level;
        if (decides === undefined) return;
        const added = { ...extra, host: decides.host };
        const before = decideWith('blocklist', [], block, asked);
        const after = decideWith('blocklist', [], [...block, added], asked);
        if (!before.allow) expect(after.allow).toBe(false);
      }),
      RUNS,
    );
  });

  it('never allows more for a block rule without conditions, wherever it is added', () => {
    fc.assert(
      fc.property(rules, plainRule, ask, (block, extra, asked) => {
        if (decideWith('blocklist', [], block, asked).allow) return;
        expect(decideWith('blocklist', [], [...block, extra], asked).allow).toBe(false);
      }),
      RUNS,
    );
  });

  it('never allows less for an allow rule without conditions, wherever it is added, but on unclear paths', () => {
    fc.assert(
      fc.property(rules, plainRule, ask, (allow, extra, asked) => {
        fc.pre(asked.ambiguous !== true);
        if (!decideWith('enforce', allow, [], asked).allow) return;
        expect(decideWith('enforce', [...allow, extra], [], asked).allow).toBe(true);
      }),
      RUNS,
    );
  });

  it('does not depend on the order of the rules, but for which of them it names', () => {
    fc.assert(
      fc.property(mode, rules, rules, ask, (each, allow, block, asked) => {
        const facts = (decision: Decision) => ({ ...decision, rule: '' });
        expect(facts(decideWith(each, allow.toReversed(), block.toReversed(), asked))).toEqual(
          facts(decideWith(each, allow, block, asked)),
        );
      }),
      RUNS,
    );
  });

  it('tells in every mode what enforce would say, and opens private addresses by the allow list alone', () => {
    fc.assert(
      fc.property(rules, rules, ask, (allow, block, asked) => {
        const enforced = decideWith('enforce', allow, block, asked);
        for (const each of ['audit', 'blocklist'] as const) {
          const decision = decideWith(each, allow, block, asked);
          if (!decision.allow) continue;
          expect(decision.wouldBlock).toBe(!enforced.allow);
          expect(decision.privateRule).toBe(enforced.privateRule);
          expect(decision.literalRule).toBe(enforced.literalRule);
        }
      }),
      RUNS,
    );
  });

  it('a request that passes has a tunnel that passes: no path opens what CONNECT would close', () => {
    fc.assert(
      fc.property(mode, rules, rules, ask, (each, allow, block, asked) => {
        fc.pre(asked.stage === 'request');
        if (!decideWith(each, allow, block, asked).allow) return;
        const { target, agent: who, nowMs } = asked;
        const connect: Ask = { stage: 'connect', target, agent: who, nowMs };
        expect(decideWith(each, allow, block, connect).allow).toBe(true);
      }),
      RUNS,
    );
  });
});
