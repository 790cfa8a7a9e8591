import { describe, expect, it } from 'vitest';
import { FrameRules } from '../../../../src/worker/websocket/frame-rules.ts';
import { MASK } from '../../../support/websocket-bytes.ts';

/** What is said about each head (and, of a control frame, about its payload), one after the other. */
function verdicts(
  heads: readonly (readonly [first: number, payload?: string])[],
  inflates = false,
) {
  const rules = new FrameRules('client', inflates);
  return heads.map(([first, payload = '']) => {
    const raw = Buffer.concat([Buffer.from([first, 0x80 | payload.length]), MASK]);
    const head = { first, masked: true, length: payload.length, raw };
    const isControl = (first & 15) >= 8;
    const problem =
      rules.judgeHead(head) ?? (isControl ? rules.judgeControl(Buffer.from(payload)) : null);
    return problem === null ? (rules.isLast ? 'last' : '') : 'refused';
  });
}

describe('FrameRules', () => {
  it('knows the end of each message, however many are alike', () => {
    const heads = [[0x81], [0x81], [0x81], [0x01], [0x00], [0x80], [0x81]] as const;
    expect(verdicts(heads)).toEqual(['last', 'last', 'last', '', '', 'last', 'last']);
  });

  it('refuses within a message the head that was allowed before it', () => {
    expect(verdicts([[0x81], [0x81], [0x01], [0x81]])).toEqual(['last', 'last', '', 'refused']);
    expect(verdicts([[0x81], [0x81], [0x01], [0x89], [0x89], [0x81]]).at(-1)).toBe('refused');
    expect(verdicts([[0x01], [0x01]])).toEqual(['', 'refused']);
    expect(verdicts([[0x01], [0x00], [0x80], [0x80]])).toEqual(['', '', 'last', 'refused']);
  });

  it('allows pings that are alike, also within a message, and no longer one, nor bits of their own', () => {
    const long = 'x'.repeat(125);
    const pings = [[0x89, 'a'], [0x89, 'b'], [0x01], [0x89, 'c'], [0x89, 'd'], [0x80]] as const;
    expect(verdicts(pings)).toEqual(['', '', '', '', '', 'last']);
    expect(
      verdicts([
        [0x89, long],
        [0x89, long],
        [0x89, 'x'.repeat(126)],
      ]),
    ).toEqual([...['', '', 'refused']]);
    expect(
      verdicts([
        [0x89, 'a'],
        [0x89, 'b'],
        [0xc9, 'a'],
      ]),
    ).toEqual(['', '', 'refused']);
  });

  it('reads each close frame, also behind frames that it knows', () => {
    const rules = new FrameRules('client', false);
    for (const first of [0x89, 0x89, 0x88]) {
      const raw = Buffer.concat([Buffer.from([first, 0x82]), MASK]);
      expect(rules.judgeHead({ first, masked: true, length: 2, raw })).toBeNull();
      expect(rules.judgeControl(Buffer.from([3, 232]))).toBeNull();
    }
    expect(rules.close?.code).toBe(1000);
  });

  it('takes compression only where it was agreed on', () => {
    expect(verdicts([[0x81], [0xc1], [0xc1]], true)).toEqual(['last', 'last', 'last']);
    expect(verdicts([[0x81], [0xc1]])).toEqual(['last', 'refused']);
  });
});
