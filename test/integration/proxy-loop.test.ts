// Leash does not reach itself: not by the hop token that marks what it sent to private addresses.

import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectThrough, rawRequest } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { HOP_TOKEN, startProxy, type TestProxy } from '../support/start-proxy.ts';

let reflector: Origin;
let proxy: TestProxy;
let reflected = 0;

beforeAll(async () => {
  // Sends what it gets back to the proxy, head and all, as a gateway does.
  reflector = await startOrigin({
    handler: (request, response) => {
      reflected += 1;
      const lines = [`GET ${reflector.url}/again HTTP/1.1`];
      for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      }
      const back = connect(proxy.port, '127.0.0.1');
      back.end(`${lines.join('\r\n')}\r\n\r\n`);
      let answer = '';
      back.on('data', (chunk) => {
        answer += String(chunk);
      });
      back.on('close', () => response.end(answer));
    },
  });
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy.close();
  await reflector.close();
});
beforeEach(async () => {
  await proxy.forget();
  reflected = 0;
});

describe('a request that comes back to leash', () => {
  it('is refused at the first turn, by the token that only private servers are sent', async () => {
    const { stdout } = await proxy.curl('-i', `${reflector.url}/`);
    expect(stdout).toMatch(/HTTP\/1\.1 403 [\s\S]*reason=self_connection/);
    expect(reflected).toBe(1);
    expect(reflector.requests[0]?.rawHeaders).toContain(`1.1 ${HOP_TOKEN}`);
    const records = await proxy.ended(2);
    expect(records[0]).toMatchObject({ event: 'blocked', fields: { reason: 'self_connection' } });
  });

  it('is refused as a CONNECT, too', async () => {
    const { head } = await connectThrough(proxy.port, 'a.test:443', [
      `Via: 1.1 x, 1.1 ${HOP_TOKEN}`,
    ]);
    expect(head).toMatch(/^HTTP\/1\.1 403 [\s\S]*reason=self_connection/);
  });

  it('has nothing to do with the Via of other proxies', async () => {
    const lines = [
      `GET ${reflector.url}/x HTTP/1.1`,
      `Host: 127.0.0.1:${reflector.port}`,
      'Via: 1.1 leash-other',
    ];
    const answer = await rawRequest(
      proxy.port,
      `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});
