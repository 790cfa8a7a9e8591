import { describe, expect, it } from 'vitest';
import {
  formatPageState,
  type PageState,
  parsePageState,
} from '../../../../src/viewer/ui/url-state.ts';

const DEFAULT: PageState = {
  filters: { q: '', client: '', class: '', internetOnly: false, wouldBlock: false, redact: true },
  selection: null,
};

describe('parsePageState()', () => {
  it('parsePageState() gives the default for an empty address', () => {
    expect(parsePageState('')).toEqual(DEFAULT);
    expect(formatPageState(DEFAULT)).toBe('');
  });

  it('parsePageState() reads what formatPageState() wrote', () => {
    const state: PageState = {
      filters: {
        q: 'a&b=c #ü "<script>"',
        client: '::1',
        class: 'blocked,error',
        internetOnly: true,
        wouldBlock: true,
        redact: false,
      },
      selection: { at: '7:1234', id: '1-2-3,x' },
    };
    expect(parsePageState(formatPageState(state))).toEqual(state);
  });

  it.each(['?sel=', '?sel=7:1', '?sel=7:1,', '?sel=,1-1-1'])(
    'parsePageState() selects nothing with %j',
    (search) => expect(parsePageState(search).selection).toBeNull(),
  );

  it('parsePageState() hides credentials unless the address says no in so many words', () => {
    expect(parsePageState('?redact=1').filters.redact).toBe(true);
    expect(parsePageState('?redact=').filters.redact).toBe(true);
    expect(parsePageState('?redact=0').filters.redact).toBe(false);
  });
});
