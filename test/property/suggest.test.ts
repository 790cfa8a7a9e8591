// What `leashctl suggest` makes of any log, held against what `leashctl replay` says of it: by the parser of
// the policy files and by `decide`, as the proxy uses them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProblems, parseRules } from '../../src/shared/policy-file.ts';
import { joinPolicy } from '../../src/shared/policy-join.ts';
import type { PolicySource } from '../../src/shared/policy-source.ts';
import { isPublicSuffix } from '../../src/shared/policy-suffix.ts';
import { LogScan, type Purpose, type ScanSetup } from '../../src/viewer/replay/log-scan.ts';
import { stillRunning } from '../../src/viewer/replay/open-flows.ts';
import type { Flips } from '../../src/viewer/replay/replay-count.ts';
import { totalsOf } from '../../src/viewer/replay/replay-text.ts';
import type { GroupsFound } from '../../src/viewer/suggest/ask-groups.ts';
import { makeSuggestion } from '../../src/viewer/suggest/make-suggestion.ts';
import { askLines, askSteps } from '../support/ask-log.ts';

const NOW_MS = 1_800_000_000_000;

const texts = fc.record({
  mode: fc.constantFrom('audit', 'audit', 'enforce', 'blocklist'),
  'enforce.yaml': fc.constantFrom(
    'allow: []\n',
    'allow:\n  - a.test\n  - { host: lb-3.cdn.test, paths: [{ prefix: /v1 }] }\n',
    'allow:\n  - { host: a.test, private: true }\n  - { host: b.a.test, expires: 2028-01-01 }\n  - { host: cdn.test, expires: 2020-01-01 }\n',
  ),
  'enforce.local.yaml': fc.constantFrom(
    'allow: []\n',
    'allow:\n  - { host: lb-7.cdn.test, paths: [{ method: PUT }] }\n  - { host: deep.b.a.test, agents: [cd] }\n',
    'allow:\n  - { host: wide.test, ports: [22] }\n',
  ),
  'blocklist.yaml': fc.constantFrom(
    'block: []\n',
    'block:\n  - a.test\n  - { host: cdn.test, paths: [{ prefix: /repos }] }\n',
  ),
  'agents.yaml': fc.constantFrom(
    'agents: []\n',
    'agents:\n  - { name: ci, networks: [10.1.0.0/16] }\n  - { name: cd, networks: [10.2.0.0/16] }\n',
    `agents:\n  - { name: ci, networks: [10.1.0.0/16] }\n  - { name: cd, token_sha256: ${'ab'.repeat(32)} }\nrequire_identity: true\n`,
  ),
  'network.yaml': fc.constantFrom(
    'deny: []\n',
    'passthrough: [b.a.test, "*.wide.test"]\nopaque: ["a.test:22"]\nallow_private: [192.168.0.0/16, "127.0.0.1:443"]\n',
  ),
});

function scan(lines: readonly string[], setup: Omit<ScanSetup, 'isProxied' | 'nowMs' | 'sinceS'>) {
  const all = new LogScan({ ...setup, sinceS: 0, isProxied: false, nowMs: NOW_MS });
  for (const [at, line] of lines.entries()) all.line(Buffer.from(line), at);
  for (const { offset } of stillRunning([all.takeOpens(1)])) {
    all.openLine(Buffer.from(lines[offset] ?? ''));
  }
  return all.result();
}

function suggestedFrom(lines: readonly string[], present: PolicySource | null, own: Texts) {
  const purpose: Purpose = { kind: 'suggest', agent: '' };
  const { found, ...read } = scan(lines, { purpose, present });
  const rules = parseRules('enforce.local.yaml', own['enforce.local.yaml'] ?? '');
  if (isProblems(rules)) throw new Error('Cannot read the overlay of this test');
  const rest = { segments: 1, unread: [], knowsRunning: true };
  return makeSuggestion({
    read: { ...read, ...rest },
    found: found as GroupsFound,
    present,
    overlay: rules,
    command: 'leashctl suggest',
    nowMs: NOW_MS,
  });
}

type Texts = Readonly<Record<string, string>>;

function replayed(lines: readonly string[], present: PolicySource | null, own: Texts): Flips {
  const { source, problems } = joinPolicy(own);
  expect(problems).toEqual([]);
  const purpose: Purpose = { kind: 'replay', after: { ...source, mode: 'enforce' } };
  return scan(lines, { purpose, present }).found as Flips;
}

const RUNS = { numRuns: 200 };

describe('a suggested allowlist', () => {
  it('loads without a mistake, and put in force blocks nothing of its log that passes', () => {
    fc.assert(
      fc.property(askSteps, texts, fc.boolean(), (steps, own, isKnown) => {
        const lines = askLines(steps);
        const present = isKnown ? joinPolicy(own).source : null;
        const beside: Texts = isKnown ? own : {};
        const { text, leftOut } = suggestedFrom(lines, present, beside);
        expect(isProblems(parseRules('enforce.yaml', text))).toBe(false);
        expect(leftOut.find(({ why }) => why === 'uncovered')?.count).toBe(0);
        const flips = replayed(lines, present, { ...beside, 'enforce.yaml': text });
        // Where no policy can be read nobody knows what network.yaml opened: it is said.
        const closed = isKnown ? 0 : (leftOut.find(({ why }) => why === 'closed')?.count ?? 0);
        expect(totalsOf(flips).newly_blocked).toBe(closed);
      }),
      RUNS,
    );
  });

  it('reaches below no public suffix, and below a name only where many names of it were seen', () => {
    fc.assert(
      fc.property(askSteps, (steps) => {
        const { text, shown } = suggestedFrom(askLines(steps), null, {});
        const rules = parseRules('enforce.yaml', text);
        if (isProblems(rules)) throw new Error(text);
        for (const { host, subdomains } of rules) {
          if (!subdomains) continue;
          expect(isPublicSuffix(host)).toBe(false);
          const entry = shown.find(({ entry: each }) => each.host === host)?.entry;
          expect(entry?.notes[0]).toMatch(/^all names below: /);
        }
      }),
      RUNS,
    );
  });

  it('names no host that the log does not have, and nothing that only refusals have', () => {
    fc.assert(
      fc.property(askSteps, (steps) => {
        const { shown } = suggestedFrom(askLines(steps), null, {});
        const refusals = ['blocked', 'revoked', 'refused_tunnel', 'websocket', 'junk'];
        const hosts = steps.flatMap((step) => (refusals.includes(step.kind) ? [] : step.host));
        for (const { entry } of shown) {
          if (entry.subdomains)
            expect(hosts.some((name) => name.endsWith(`.${entry.host}`))).toBe(true);
          else expect(hosts).toContain(entry.host);
        }
      }),
      RUNS,
    );
  });
});
