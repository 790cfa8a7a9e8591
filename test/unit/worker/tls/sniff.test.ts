import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { classify, sniff } from '../../../../src/worker/tls/sniff.ts';
import { socketPair } from '../../../support/socket-pair.ts';

describe('classify()', () => {
  it.each([
    ['GET / HTTP/1.1\r\n', 'http'],
    ['PROPFIND /x', 'http'],
    ['M-SEARCH *', 'http'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'unknown'],
    ['\u0000\u0001', 'unknown'],
    ['get / HTTP/1.1', 'unknown'],
    [`${'A'.repeat(33)}`, 'unknown'],
    ['\u0016\u0002\u0000\u0000\u0000', 'unknown'],
  ])('%j is %s', (text, kind) => {
    expect(classify(Buffer.from(text, 'latin1'))?.kind).toBe(kind);
  });

  it.each(['', 'G', 'PROP', '\u0016', '\u0016\u0003\u0001'])('needs more than %j', (text) => {
    expect(classify(Buffer.from(text, 'latin1'))).toBeNull();
  });
});

describe('sniff()', () => {
  it('notices a client that was gone before it was asked', async () => {
    const [client, accepted] = await socketPair();
    accepted.resume();
    client.end();
    await once(accepted, 'end');
    expect(await sniff(accepted, Buffer.alloc(0), 60_000)).toEqual({ kind: 'closed' });
    client.destroy();
    accepted.destroy();
  });
});
