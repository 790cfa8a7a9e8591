// Policy files as crashes, editors and accidents leave them, thousands of times: what is in force is
// always one of the policies that somebody wrote.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicyContents } from '../../src/primary/policy/policy-contents.ts';
import type { FileContent } from '../../src/primary/policy/policy-read.ts';
import { LIMITS } from '../../src/shared/limits.ts';

const RELOADS = 10_000;
const HOSTS = Array.from({ length: 40 }, (_, n) => `host-${n}.example.test`);

const text = (value: string): FileContent => ({
  kind: 'text',
  text: value,
  sha256: createHash('sha256').update(value).digest('hex'),
});

/** A file as a person writes it: names, and entries with conditions. */
function fileOf(hosts: readonly string[]): string {
  const entries = hosts.map((host, n) =>
    n % 3 === 0 ? `  - host: ${host}\n    paths: [{method: GET, prefix: /v1/}]\n` : `  - ${host}\n`,
  );
  return entries.length === 0 ? 'allow: []\n' : `allow:\n${entries.join('')}`;
}

const BOMB = ['a: &a [x, x, x, x, x]', 'b: &b [*a, *a, *a, *a]', 'allow: *b', ''].join('\n');
/** Parsed once, not ten thousand times. */
const HUGE = text('x'.repeat(LIMITS.policyFileBytes + 1));

type Step = { readonly hosts: readonly string[]; readonly damage: string; readonly cut: number };

const steps = fc.record({
  hosts: fc.subarray(HOSTS, { maxLength: 6 }),
  damage: fc.constantFrom(
    ...['none', 'cut', 'empty', 'invalid', 'nul', 'bomb', 'huge', 'missing', 'unreadable', 'busy'],
  ),
  cut: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
});

function contentOf({ hosts, damage, cut }: Step): FileContent | null {
  const whole = fileOf(hosts);
  switch (damage) {
    case 'none':
      return text(whole);
    case 'cut': {
      const part = whole.slice(0, Math.floor(cut * whole.length));
      // Behind a whole line it is a file that somebody could have meant.
      return text(part.endsWith('\n') ? part.slice(0, -1) : part);
    }
    case 'empty':
      return text('');
    case 'invalid':
      return text(whole.replace('allow', 'alow'));
    case 'nul':
      return text(`${whole.slice(0, 9)}\0${whole.slice(9)}`);
    case 'bomb':
      return text(BOMB);
    case 'huge':
      return HUGE;
    case 'missing':
      return null;
    case 'unreadable':
      return { kind: 'unreadable', message: 'Cannot read policy file: EACCES' };
    default:
      return { kind: 'changed' };
  }
}

describe('B-11', () => {
  it(`B-11 in ${RELOADS} reloads no host is allowed that neither the old nor the new policy allows`, () => {
    const contents = new PolicyContents();
    contents.accept('mode', text('enforce\n'));
    contents.accept('enforce.yaml', text(fileOf([])));
    contents.publish();
    let old: readonly string[] = [];
    const seen = new Map<string, number>();
    for (const step of fc.sample(steps, { numRuns: RELOADS, seed: 7 })) {
      contents.accept('enforce.yaml', contentOf(step));
      contents.publish();
      const rules = contents.current?.source.allow ?? [];
      const hosts = rules.map(({ host }) => host);
      // Cut behind its last word the file is whole; then it is the new one.
      const isNew = step.damage === 'none' || contents.problems.length === 0;
      const allowed = isNew ? step.hosts : old;
      expect(hosts).toEqual(allowed);
      for (const [n, rule] of rules.entries()) expect(rule.paths !== null).toBe(n % 3 === 0);
      expect(contents.current?.source.mode).toBe('enforce');
      if (isNew) expect(step.damage).toMatch(/none|cut/);
      old = allowed;
      seen.set(step.damage, (seen.get(step.damage) ?? 0) + 1);
    }
    expect([...seen.values()].every((count) => count > 500)).toBe(true);
  }, 120_000);
});
