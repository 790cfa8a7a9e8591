import { describe, expect, it } from 'vitest';
import {
  formatPageState,
  type PageState,
  parsePageState,
} from '../../../../src/viewer/ui/kit/page-state.ts';

const DEFAULT: PageState = { view: 'log', q: '', redact: true, selection: null, compare: null };

describe('parsePageState()', () => {
  it('parsePageState() gives the default for an empty address', () => {
    expect(parsePageState('')).toEqual(DEFAULT);
    expect(formatPageState(DEFAULT)).toBe('');
  });

  it('parsePageState() reads what formatPageState() wrote', () => {
    const state: PageState = {
      view: 'harden',
      q: 'a&b=c #ü "<script>" class:blocked,error',
      redact: false,
      selection: { at: '7:1234', id: '1-2-3,x' },
      compare: { at: '8:0', id: '1-2-4' },
    };
    expect(parsePageState(formatPageState(state))).toEqual(state);
  });

  it('parsePageState() shows the log where it does not know the view', () => {
    expect(parsePageState('?view=x').view).toBe('log');
  });

  it.each(['?sel=', '?sel=7:1', '?sel=7:1,', '?sel=,1-1-1'])(
    'parsePageState() selects nothing with %j',
    (search) => expect(parsePageState(search).selection).toBeNull(),
  );

  it('parsePageState() hides credentials unless the address says no in so many words', () => {
    expect(parsePageState('?redact=1').redact).toBe(true);
    expect(parsePageState('?redact=').redact).toBe(true);
    expect(parsePageState('?redact=0').redact).toBe(false);
  });
});
