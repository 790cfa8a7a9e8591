import { describe, expect, it } from 'vitest';
import { accessRules } from '../../../../src/viewer/access/guard.ts';
import type { ViewerConfig } from '../../../../src/viewer/viewer-env.ts';

function rules(change: Partial<ViewerConfig>) {
  const config: ViewerConfig = {
    audit: 'accepted',
    logPath: '/nowhere/egress.jsonl',
    stateDir: '/nowhere',
    policyDir: '/nowhere',
    proxyPort: 8080,
    proxyAddress: '',
    viewerBind: '',
    viewerHosts: [],
    viewerToken: '',
    trustedProxies: [],
  };
  return accessRules({ ...config, ...change }, 'Machine.Test.');
}

describe('accessRules()', () => {
  it.each([
    ['', '', 'reads'],
    ['', '0.0.0.0', 'reads'],
    ['', '192.0.2.1', 'reads'],
    ['', '::', 'reads'],
    ['', '127.0.0.1', 'writes'],
    ['', '127.9.9.9', 'writes'],
    ['', '::1', 'writes'],
    ['', 'localhost', 'writes'],
    ['', '127.0.0.1.test', 'reads'],
    ['a-token', '127.0.0.1', 'reads'],
    ['a-token', '', 'reads'],
    ['off', '', 'open'],
    ['off', '127.0.0.1', 'open'],
  ])('accessRules() with token %j on %j: %s', (viewerToken, viewerBind, token) => {
    expect(rules({ viewerToken, viewerBind }).token).toBe(token);
  });

  it('accessRules() knows the name of the host and the names of the settings', () => {
    expect(rules({ viewerHosts: ['Leash.Corp.Test', 'b.test.'] }).hosts).toEqual(
      new Set(['machine.test', 'leash.corp.test', 'b.test']),
    );
  });
});
