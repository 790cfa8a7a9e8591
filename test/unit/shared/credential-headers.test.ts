import { describe, expect, it } from 'vitest';
import { authScheme, carriesCredential } from '../../../src/shared/credential-headers.ts';

describe('carriesCredential()', () => {
  it('knows them in any case', () => {
    for (const name of ['Authorization', 'COOKIE', ' x-api-key ', 'Set-Cookie']) {
      expect(carriesCredential(name)).toBe(true);
    }
    for (const name of ['Host', 'x-api-keys', '', '__proto__']) {
      expect(carriesCredential(name)).toBe(false);
    }
  });
});

describe('authScheme()', () => {
  it.each([
    ['Bearer abc', 'Bearer '],
    ['basic abc', 'basic '],
    ['Bearerabc', ''],
    ['secret with blanks', ''],
    ['', ''],
  ])('%s → "%s"', (value, scheme) => expect(authScheme(value)).toBe(scheme));
});
