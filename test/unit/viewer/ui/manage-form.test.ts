import { describe, expect, it } from 'vitest';
import {
  addAsk,
  entryOf,
  expiryIn,
  newForm,
} from '../../../../src/viewer/ui/harden/manage-form.ts';
import { removeAsk } from '../../../../src/viewer/ui/policy/remove-ask.ts';

const TARGET = { host: 'api.a.test', port: 443, method: 'GET', agent: 'ci' };

describe('entryOf()', () => {
  it.each([
    [{}, { host: 'api.a.test', subdomains: false, port: 443 }],
    [{ width: 'below' }, { host: 'api.a.test', port: 443 }],
    [{ width: 'a.test' }, { host: 'a.test', port: 443 }],
    [
      { prefix: '/v1/', oneMethod: true },
      {
        host: 'api.a.test',
        subdomains: false,
        port: 443,
        scope: 'path',
        prefix: '/v1/',
        method: 'GET',
      },
    ],
    [
      { oneAgent: true, isPrivate: true, expires: '2030-01-01', reason: ' why ' },
      {
        host: 'api.a.test',
        subdomains: false,
        port: 443,
        agents: ['ci'],
        private: true,
        expires: '2030-01-01',
        reason: 'why',
      },
    ],
  ])('entryOf() makes of the choices %j an entry that allows', (choices, expected) => {
    expect(entryOf({ ...newForm('allow'), ...choices }, TARGET)).toEqual(expected);
  });

  it('newForm() with a path begins with that path and method, as a change of several groups does', () => {
    expect(entryOf(newForm('allow', '/v1/'), TARGET)).toMatchObject({
      prefix: '/v1/',
      method: 'GET',
    });
  });

  it('entryOf() of a block names no port, no end and nothing private, unless asked', () => {
    const form = { ...newForm('block'), width: 'below', isPrivate: true, expires: '2030-01-01' };
    expect(entryOf(form, TARGET)).toEqual({ host: 'api.a.test' });
    expect(entryOf({ ...form, onePort: true }, TARGET)).toEqual({ host: 'api.a.test', port: 443 });
  });

  it('entryOf() of an address says nothing of names below it, and of nobody no agent', () => {
    const form = { ...newForm('allow'), oneAgent: true };
    const target = { ...TARGET, host: '10.0.0.1', agent: '' };
    expect(entryOf(form, target)).toEqual({ host: '10.0.0.1', port: 443 });
  });
});

describe('asks', () => {
  it('addAsk() sends each entry once, removeAsk() the line of the entry', () => {
    const entry = { host: 'a.test' };
    expect(addAsk('block', [entry, { ...entry }])).toEqual({
      path: '/api/policy/blocklist/add',
      body: { entries: [entry] },
    });
    expect(removeAsk({ file: 'enforce.yaml', host: 'a.test', line: 3 })).toEqual({
      path: '/api/policy/enforce/remove',
      body: { host: 'a.test', line: 3 },
    });
    expect(removeAsk({ file: 'enforce.local.yaml', host: 'a.test', line: 3 })).toBeNull();
  });

  it('expiryIn() is a time as a policy file has it', () => {
    expect(expiryIn(8, Date.UTC(2026, 0, 1, 12, 0, 0, 5))).toBe('2026-01-01T20:00:00Z');
  });
});
