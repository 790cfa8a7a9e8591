import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseHost, parsePath } from '../../src/shared/host.ts';
import {
  isProblems,
  type PolicyProblem,
  parseAgents,
  parseMode,
  parseNetwork,
  parseRules,
} from '../../src/shared/policy-file.ts';
import type { Rule } from '../../src/shared/policy-source.ts';
import { policyOf } from '../support/policy-ask.ts';

const VALID = [
  'allow:\n  - a.test\n  - host: "*.b.test"\n    ports: [80, 443]\n    paths: [{method: GET, prefix: /x}]\n    expires: 2030-01-31\n',
  'block: [a.test, {host: 10.0.0.1, agents: [ci], reason: why}]\n',
  'agent_networks: [10.0.0.0/8]\nagents: [{name: ci, networks: ["fd00::/8"]}]\n',
  'allow_private: ["127.0.0.1:80"]\ndeny: [1.1.1.1]\nnat64: ["2606::/96"]\n',
];
const PIECES = [
  ...'\n\t :-[]{}"\'#&*!|>%@`,?0~\0\u2028',
  '<<: ',
  '---\n',
  '- ',
  'allow',
  '&a ',
  '*a',
];

/** A valid file with some places cut out and others put in. */
const damaged = fc
  .tuple(
    fc.constantFrom(...VALID),
    fc.array(fc.tuple(fc.nat(200), fc.nat(5), fc.constantFrom('', ...PIECES)), { maxLength: 4 }),
  )
  .map(([text, edits]) =>
    edits.reduce((now, [at, cut, put]) => now.slice(0, at) + put + now.slice(at + cut), text),
  );
const anyText = fc.oneof(damaged, fc.string({ unit: 'binary', maxLength: 100 }));

function checkProblems(problems: readonly PolicyProblem[], text: string): void {
  const lines = text.split(/\r\n|\r|\n/).length;
  expect(problems.length).toBeGreaterThan(0);
  for (const { line, column, message } of problems) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message).not.toBe('');
  }
}

describe('policy files', () => {
  it('give content or problems with a place in the file, for any text at all', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const all = [
          parseMode(text),
          parseRules('enforce.yaml', text),
          parseRules('blocklist.yaml', text),
          parseAgents(text),
          parseNetwork(text),
        ];
        for (const parsed of all) if (isProblems<unknown>(parsed)) checkProblems(parsed, text);
      }),
      { numRuns: 500 },
    );
  });

  it('give rules that compile, cross the pipe unchanged, and are in normal form', () => {
    fc.assert(
      fc.property(damaged, (text) => {
        const parsed = parseRules('enforce.yaml', text);
        if (isProblems<Rule[]>(parsed)) return;
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
        policyOf({ allow: parsed });
        for (const { host, paths } of parsed) {
          expect(parseHost(host)).toBe(host);
          for (const { prefix } of paths ?? []) {
            if (prefix !== '')
              expect(parsePath(prefix)).toEqual({ path: prefix, ambiguous: false });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('read a date as a moment that exists, or not at all', () => {
    const part = (max: number) => fc.nat(max).map((value) => String(value).padStart(2, '0'));
    fc.assert(
      fc.property(fc.integer({ min: 1990, max: 2100 }), part(14), part(33), (year, month, day) => {
        const expires = `${year}-${month}-${day}`;
        const parsed = parseRules(
          'enforce.yaml',
          stringify({ allow: [{ host: 'a.test', expires }] }),
        );
        const ms = isProblems<Rule[]>(parsed) ? null : (parsed[0]?.expiresAtMs ?? null);
        const days = new Date(Date.UTC(year, Number(month), 0)).getUTCDate();
        const exists =
          Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days;
        expect(ms === null ? null : new Date(ms).toISOString().slice(0, 10)).toBe(
          exists ? expires : null,
        );
      }),
      { numRuns: 1000 },
    );
  });
});
