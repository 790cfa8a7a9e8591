import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../../../src/shared/policy.ts';
import { EMPTY_POLICY } from '../../../../src/shared/policy-source.ts';
import { AskJudge } from '../../../../src/viewer/replay/ask-judge.ts';
import { LineScan } from '../../../../src/viewer/replay/line-scan.ts';
import { FlowReader } from '../../../../src/viewer/replay/recorded-flow.ts';
import { ReplayCount } from '../../../../src/viewer/replay/replay-count.ts';
import { replayText, totalsOf } from '../../../../src/viewer/replay/replay-text.ts';
import { logLine } from '../../../support/log-line.ts';

const judge = new AskJudge(compilePolicy(1, EMPTY_POLICY), { isProxied: false, nowMs: 0 });

/** A count of asks that passed, and that an empty list blocks. */
function countOf(asks: readonly { host: string; agent?: string; client?: string; ts?: number }[]) {
  const count = new ReplayCount(null, judge);
  const scan = new LineScan();
  const reader = new FlowReader(scan);
  for (const [n, { host, ...fields }] of asks.entries()) {
    const url = `https://${host}/`;
    const facts = { client: '10.0.0.1', host, port: 443, method: 'GET', url, id: `1-1-${n}` };
    scan.stamp(Buffer.from(logLine({ event: 'allowed', ...facts, ...fields })));
    const seen = reader.read();
    if (typeof seen !== 'string') count.take(seen);
  }
  return count;
}

describe('ReplayCount', () => {
  it('has the same of two halves as of the whole, in whatever order, with the first ask as the example', () => {
    const asks = Array.from({ length: 100 }, (_, n) => ({
      host: `h${n % 7}.test`,
      agent: ['ci', 'cd', ''][n % 3] ?? '',
      ts: 1000 + n,
    }));
    const whole = countOf(asks).result();
    const half = (from: number, to: number) => {
      const count = countOf([]);
      count.merge(
        countOf(asks.map((ask, n) => (n >= from && n < to ? ask : { host: '' }))).result(),
      );
      return count;
    };
    const late = half(50, 100);
    late.merge(half(0, 50).result());
    expect(late.result()).toEqual(whole);
    expect(whole.agents.map(({ agent }) => agent)).toEqual(['ci', '10.0.0.1', 'cd']);
  });

  it('counts all of them, also of hosts and agents beyond those that are told apart', () => {
    const hosts = Array.from({ length: 20_050 }, (_, n) => ({ host: `h${n}.test`, agent: 'ci' }));
    const many = countOf(hosts).result();
    expect(many.agents[0]?.blocked_hosts).toHaveLength(20_000);
    expect(totalsOf(many).newly_blocked).toBe(20_050);
    const clients = Array.from({ length: 1100 }, (_, n) => ({
      host: 'a.test',
      client: `10.0.${n >> 8}.${n & 255}`,
    }));
    const again = countOf(clients);
    again.merge(countOf(clients).result());
    const flips = again.result();
    expect(flips.agents).toHaveLength(1000);
    expect(flips.untold).toEqual({ newly_blocked: 200, newly_allowed: 0 });
    expect(totalsOf(flips).newly_blocked).toBe(2200);
  });

  it('nothing that an agent chose reaches a terminal as it is', () => {
    const flips = countOf([{ host: 'a.test', client: '\u001b[2J\n', agent: '' }]).result();
    const counts = { lines: 1, asks: 1, standing: 0, unclear: 1, damaged: 1 };
    const text = replayText({
      read: {
        found: flips,
        counts,
        span: null,
        unclearHosts: ['\u001b]0;x\u0007'],
        segments: 1,
        unread: ['\u009b1m'],
        knowsRunning: false,
      },
      flips,
      before: 'a',
      after: 'b',
    });
    expect(text.replace(/[\n\x20-\x7e]/g, '')).toBe('');
    expect(text).toContain('\\u001b');
  });
});
