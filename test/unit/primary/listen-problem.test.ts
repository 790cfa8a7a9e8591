import { describe, expect, it } from 'vitest';
import { listenProblem } from '../../../src/primary/listen-problem.ts';

describe('listenProblem()', () => {
  it.each([
    ['EADDRINUSE', 'another program uses this port; set PORT to a free port'],
    ['EACCES', 'ports below 1024 are for root; set PORT to a higher one'],
    ['EADDRNOTAVAIL', 'this machine has no such address; set LEASH_VIEWER_BIND to one of its own'],
    ['EMFILE', 'no descriptor; see LEASH_VIEWER_BIND and PORT'],
  ])('names the setting that mends %s', (code, cure) => {
    const settings = { host: 'LEASH_VIEWER_BIND', port: 'PORT' };
    const failure = { host: '10.0.0.1', port: 80, settings, code, message: 'no descriptor' };
    expect(listenProblem(failure)).toBe(`Cannot listen on 10.0.0.1:80 (${code}): ${cure}`);
  });
});
