import { describe, expect, it } from 'vitest';
import {
  checkSession,
  createSession,
  isEqual,
  SESSION_MS,
} from '../../../../src/viewer/access/session.ts';

const NOW = 1_700_000_000_000;
const TOKEN = 'a-token';

describe('checkSession()', () => {
  it('checkSession() accepts a session of this token until its end', () => {
    const session = createSession(TOKEN, NOW);
    expect(checkSession(session, TOKEN, NOW)).toBe('good');
    expect(checkSession(session, TOKEN, NOW + SESSION_MS - 1)).toBe('good');
    expect(checkSession(session, TOKEN, NOW + SESSION_MS)).toBe('ended');
  });

  it('checkSession() accepts none of another token, and none that was made longer', () => {
    const session = createSession(TOKEN, NOW);
    expect(checkSession(session, 'b-token', NOW)).toBe('wrong');
    const [endsAt = '', proof = ''] = session.split('.');
    expect(checkSession(`${Number(endsAt) + 1}.${proof}`, TOKEN, NOW)).toBe('wrong');
    expect(
      checkSession(`${endsAt}.${proof.replace(/./, (c) => (c === '0' ? '1' : '0'))}`, TOKEN, NOW),
    ).toBe('wrong');
  });

  it.each([
    '',
    '.',
    TOKEN,
    '9999999999999',
    `9999999999999.${'0'.repeat(63)}`,
    `-1.${'0'.repeat(64)}`,
  ])('checkSession() calls %j wrong', (value) =>
    expect(checkSession(value, TOKEN, NOW)).toBe('wrong'),
  );

  it('createSession() does not show the token', () => {
    expect(createSession(TOKEN, NOW)).not.toContain(TOKEN);
  });
});

describe('isEqual()', () => {
  it('isEqual() compares texts of any length', () => {
    expect(isEqual('', '')).toBe(true);
    expect(isEqual('abc', 'abc')).toBe(true);
    expect(isEqual('abc', 'abd')).toBe(false);
    expect(isEqual('abc', 'abcd')).toBe(false);
    expect(isEqual('', TOKEN)).toBe(false);
  });
});
