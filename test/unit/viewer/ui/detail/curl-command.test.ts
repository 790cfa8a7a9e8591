import { describe, expect, it } from 'vitest';
import type { HeaderPairs } from '../../../../../src/shared/audit-event.ts';
import type { Flow } from '../../../../../src/viewer/store/flow.ts';
import { curlCommand } from '../../../../../src/viewer/ui/detail/copy/curl-command.ts';

type Facts = { url?: string; method?: string; headers?: HeaderPairs; body?: object };
const flow = ({ url = 'https://a.test/x', method = 'GET', headers = [], body = {} }: Facts) =>
  ({
    row: { url, method, host: 'a.test', port: 443 },
    request: {
      headers,
      body: { text: '', encoding: 'utf8', shown_bytes: 0, truncated: '', decoded: '', ...body },
    },
  }) as unknown as Flow;
const commandOf = (facts: Facts) => curlCommand(flow(facts))?.command.replaceAll(' \\\n  ', ' ');

describe('curlCommand()', () => {
  it('a credential is never in the command: words that say so stand in its place', () => {
    const secret = 'SECRET-VALUE';
    const names = ['Authorization', 'cookie', 'X-Api-Key', 'x_api_key', 'Proxy-Authorization'];
    const headers = names.map((name) => [name, `Bearer ${secret}`] as const);
    const url = `https://a.test/?key=${secret}&q=1&access_token=${secret}#x`;
    const made = curlCommand(flow({ url, headers }));
    expect(made?.command).not.toContain(secret);
    for (const name of names) expect(made?.command).toContain(`-H '${name}: [left out]'`);
    expect(made?.command).toContain('?key=left-out&q=1&access_token=left-out');
    expect(made?.notes).toEqual([
      'A secret in the address was left out.',
      '5 credentials were left out.',
    ]);
  });

  it('sends method, headers in their order and body, and leaves to curl what is its own', () => {
    const headers = [
      ['Host', 'a.test'],
      ['X-B', '2'],
      ['x-a', "it's"],
      ['Content-Length', '2'],
      ['X-Empty', ''],
    ] as const;
    const body = { text: '@file', shown_bytes: 5 };
    expect(commandOf({ method: 'PUT', headers, body })).toBe(
      "curl -X 'PUT' --globoff --path-as-is --compressed -H 'X-B: 2' -H 'x-a: it'\\''s' -H 'X-Empty;'" +
        " --data-raw '@file' --url 'https://a.test/x'",
    );
  });

  it('pipes a body that is no plain text, and says what it cannot hold', () => {
    const body = { text: 'AP8K', encoding: 'base64', shown_bytes: 3 };
    expect(commandOf({ method: 'POST', body })).toMatch(
      /^printf '\\000\\377\\012' \| curl .*--data-binary @-/,
    );
    const long = { text: 'x'.repeat(70_000), shown_bytes: 70_000 };
    const made = curlCommand(flow({ method: 'POST', body: long }));
    expect(made?.command).not.toContain('xxx');
    expect(made?.notes[0]).toContain('too long');
    const cut = curlCommand(flow({ body: { text: 'x', shown_bytes: 1, truncated: 'limit' } }));
    expect(cut?.notes).toContain('The record has a part of the body only.');
  });

  it.each([
    ['a name that is a file', { headers: [['@/etc/passwd', 'x']] as const }],
    ['a name with a blank', { headers: [['a b', 'x']] as const }],
    ['a value with a newline', { headers: [['x', 'a\r\nb: c']] as const }],
  ])('leaves out %s', (_, facts) => {
    expect(commandOf(facts)).not.toContain('-H');
    expect(curlCommand(flow(facts))?.notes[0]).toContain('1 headers');
  });

  it.each([
    { url: 'file:///etc/passwd' },
    { url: '-o/tmp/x' },
    { method: 'A B' },
    { method: 'CONNECT' },
  ])('is none for %j', (facts) => expect(curlCommand(flow(facts))).toBeNull());
});
