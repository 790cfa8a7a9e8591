import { describe, expect, it } from 'vitest';
import { readRuleWords } from '../../../../../src/viewer/cli/policy/rule-words.ts';

const NOW = Date.UTC(2026, 0, 31, 10, 0, 0, 1);
const read = (host: string, options: Record<string, string[]> = {}) =>
  readRuleWords({ args: [host], options: new Map(Object.entries(options)) }, NOW);

describe('readRuleWords()', () => {
  it.each<[string, object]>([
    ['a.test', { host: 'a.test', scope: 'host' }],
    ['A.Test.', { host: 'a.test', scope: 'host' }],
    ['*.A.test', { host: '*.a.test', scope: 'host' }],
    ['a.test:8443', { host: 'a.test', port: 8443, scope: 'host' }],
    ['a.test/v1/', { host: 'a.test', prefix: '/v1/', scope: 'path' }],
    ['a.test:80/v1:x', { host: 'a.test', port: 80, prefix: '/v1:x', scope: 'path' }],
    ['10.0.0.1:22', { host: '10.0.0.1', port: 22, scope: 'host' }],
    ['2001:db8::1', { host: '2001:db8::1', scope: 'host' }],
    ['[2001:DB8:0::1]:443', { host: '2001:db8::1', port: 443, scope: 'host' }],
    // The parser of the file says what is wrong with these.
    ['bücher.de', { host: 'bücher.de', scope: 'host' }],
    ['', { host: '', scope: 'host' }],
  ])('%j', (text, spec) => expect(read(text)).toEqual(spec));

  it('takes each option', () => {
    const spec = read('a.test', {
      '--method': ['get'],
      '--agent': ['ci', 'bot'],
      '--private': [''],
      '--exact': [''],
      '--expires': ['2h'],
      '--reason': ['because'],
    });
    expect(spec).toEqual({
      host: 'a.test',
      scope: 'path',
      method: 'GET',
      agents: ['ci', 'bot'],
      private: true,
      subdomains: false,
      expires: '2026-01-31T12:00:01Z',
      reason: 'because',
    });
    expect(read('a.test', { '--expires': ['2026-02-01'] })).toMatchObject({
      expires: '2026-02-01',
    });
  });

  it.each<[string, Record<string, string[]>, RegExp]>([
    ['https://a.test/x', {}, /^"https:\/\/a\.test\/x" is a URL: .*"a\.test\/x"$/],
    ['a.test:0', {}, /^the port of "a\.test:0" must be 1-65535$/],
    ['a.test:', {}, /must be 1-65535$/],
    ['a.test:http', {}, /must be 1-65535$/],
    ['a.test', { '--expires': ['soon'] }, /got "soon"$/],
    ['a.test', { '--expires': ['2020-01-01'] }, /is past$/],
    ['a.test', { '--expires': ['999999999w'] }, /is beyond all dates$/],
  ])('%j %j: %s', (text, options, problem) => {
    expect(read(text, options)).toEqual({ problem: expect.stringMatching(problem) });
  });
});
