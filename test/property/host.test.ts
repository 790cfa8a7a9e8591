import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIp } from '../../src/shared/address.ts';
import {
  type Host,
  parentHosts,
  parseAuthority,
  parseHost,
  parsePath,
} from '../../src/shared/host.ts';
import { decide } from '../../src/shared/policy.ts';
import { good } from '../support/good.ts';
import { askFor, policyOf, ruleFor } from '../support/policy-ask.ts';

const LETTERS = [...'abcxyz019'];
const label = fc
  .tuple(
    fc.constantFrom(...LETTERS),
    fc.string({ unit: fc.constantFrom(...LETTERS, '-', '_'), maxLength: 6 }),
  )
  .map(([first, rest]) => `${first}${rest}`.replace(/-+$/, ''));
/** Ends in letters, so it is a name and no number. */
const name = fc.array(label, { maxLength: 4 }).map((labels) => [...labels, 'test'].join('.'));
const octet = fc.integer({ min: 0, max: 255 });
const octets = fc.tuple(octet, octet, octet, octet);

/** Anything at all, and what is close to a host. */
const anyHost = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...'aA1.-_:[]%x0f@/\\'), maxLength: 20 }),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.domain(),
);

const SEGMENTS = [
  'a',
  'B',
  '.',
  '..',
  '',
  '%2e',
  '%2E%2e',
  '%61',
  '%2f',
  '%',
  '%zz',
  '%25',
  ';x',
  ':',
  '%3A',
  '%3b',
  '~',
  '%7e',
];
const anyPath = fc.oneof(
  fc.array(fc.constantFrom(...SEGMENTS), { maxLength: 8 }).map((parts) => `/${parts.join('/')}`),
  fc
    .string({ unit: fc.constantFrom(...'ab/.%25eEfF2;\\'), maxLength: 20 })
    .map((text) => `/${text}`),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((text) => `/${text}`),
);

/** Writes each character as it is, or as %xx in either case. */
function encodeSome(text: string, picks: readonly number[]): string {
  return [...text]
    .map((character, i) => {
      const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
      return [character, `%${hex}`, `%${hex.toUpperCase()}`][(picks[i % picks.length] ?? 0) % 3];
    })
    .join('');
}

const picks = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 8 });

describe('parseHost()', () => {
  it('never throws, and its result is its own normal form', () => {
    fc.assert(
      fc.property(anyHost, (text) => {
        const host = parseHost(text);
        if (typeof host !== 'string') return;
        expect(parseHost(host)).toBe(host);
        expect(host).toMatch(/^[a-z0-9._:-]+$/);
        expect(host.endsWith('.')).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('hosts and paths are compared in normal form only: no spelling of a name comes through as another one', () => {
    fc.assert(
      fc.property(name, picks, fc.boolean(), (text, cases, dot) => {
        const spelled = [...text]
          .map((c, i) => ((cases[i % cases.length] ?? 0) === 1 ? c.toUpperCase() : c))
          .join('');
        expect(parseHost(`${spelled}${dot ? '.' : ''}`)).toBe(text);
        expect(decide(policyOf({ allow: [ruleFor(text)] }), askFor(`${spelled}:443`)).allow).toBe(
          true,
        );
      }),
    );
  });

  it('reads an IPv4 address in each spelling as inet_aton does', () => {
    const radix = fc.constantFrom<(part: number) => string>(
      (part) => String(part),
      (part) => `0${part.toString(8)}`,
      (part) => `00${part.toString(8)}`,
      (part) => `0x${part.toString(16)}`,
      (part) => `0X${part.toString(16).toUpperCase()}`,
    );
    const radices = fc.tuple(radix, radix, radix, radix);
    fc.assert(
      fc.property(octets, radices, fc.integer({ min: 1, max: 4 }), (bytes, writers, count) => {
        // The last of `count` parts holds all the bytes that are left.
        const tail = bytes.slice(count - 1).reduce((sum, byte) => sum * 256 + byte, 0);
        const parts = [...bytes.slice(0, count - 1), tail];
        const text = parts.map((part, i) => writers[i]?.(part)).join('.');
        expect(parseHost(text)).toBe(bytes.join('.'));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses a name that ends in a number and is no IPv4 address', () => {
    fc.assert(
      fc.property(name, fc.nat(), (text, number) => {
        expect(parseHost(`${text}.${number}`)).toHaveProperty('problem');
        expect(parseHost(`${text}.0x${number.toString(16)}`)).toHaveProperty('problem');
      }),
    );
  });

  it('agrees with canonicalIp() on what is an address, in brackets and without', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const host = parseHost(text);
        expect(host).toBe(canonicalIp(text));
        expect(parseHost(`[${text}]`)).toBe(host);
      }),
    );
  });
});

describe('parseAuthority()', () => {
  it('reads back the authority that it writes', () => {
    const anyName = fc.oneof(
      name,
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.ipV4(),
    );
    fc.assert(
      fc.property(anyName, fc.integer({ min: 1, max: 65_535 }), (text, port) => {
        const target = good(parseAuthority(`${text}:${port}`, null));
        expect(target.port).toBe(port);
        expect(parseAuthority(target.authority, null)).toEqual(target);
      }),
    );
  });
});

describe('parentHosts()', () => {
  it('gives ends of the name at its dots, each once, the longest first', () => {
    fc.assert(
      fc.property(name, (text) => {
        const parents = parentHosts(text as Host);
        expect(parents[0]).toBe(text);
        expect(new Set(parents).size).toBe(parents.length);
        parents.slice(1).forEach((parent, i) => {
          expect(parents[i]?.endsWith(`.${parent}`)).toBe(true);
          expect(parent).toContain('.');
        });
      }),
    );
  });
});

describe('parsePath()', () => {
  it('never throws, and its result is its own normal form', () => {
    fc.assert(
      fc.property(anyPath, (text) => {
        const parsed = parsePath(text);
        if ('problem' in parsed) return;
        const again = good(parsePath(parsed.path));
        expect(again.path).toBe(parsed.path);
        if (!parsed.ambiguous) expect(again.ambiguous).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  it('a path that is not ambiguous has no dot segment, no empty one and no encoded letter left', () => {
    fc.assert(
      fc.property(anyPath, (text) => {
        const parsed = parsePath(text);
        if ('problem' in parsed || parsed.ambiguous) return;
        expect(parsed.path).not.toMatch(/\/\/|\/\.{1,2}(\/|$)|%2[Ff]|%5[Cc]|\\/);
        // What a server that decodes once more sees has the same segments.
        const decoded = parsed.path.replace(/%[0-9A-F]{2}/g, (hex) =>
          hex < '%80' ? decodeURIComponent(hex) : hex,
        );
        expect(decoded.split('/').length).toBe(parsed.path.split('/').length);
        expect(decoded.split('/').filter((part) => part === '..')).toEqual([]);
      }),
      { numRuns: 5000 },
    );
  });

  it('no spelling of a blocked path gets past its rule', () => {
    const segment = fc.string({
      unit: fc.constantFrom(...'abcXYZ019-_~'),
      minLength: 1,
      maxLength: 5,
    });
    const path = fc.array(segment, { minLength: 1, maxLength: 4 });
    const noise = fc.array(fc.constantFrom('', '.', '%2e', '%2E'), { maxLength: 2 });
    fc.assert(
      fc.property(path, noise, picks, (segments, between, spelling) => {
        const plain = `/${segments.join('/')}`;
        const block = [ruleFor('a.test', { paths: [{ method: '', prefix: plain }] })];
        const policy = policyOf({ mode: 'blocklist', block });
        const written = segments
          .map((each) => [...between, encodeSome(each, spelling)].join('/'))
          .join('/');
        expect(good(parsePath(`/${written}`)).path).toBe(plain);
        expect(decide(policy, askFor(`GET https://a.test/${written}`)).allow).toBe(false);
      }),
    );
  });

  it('no spelling gets out of an allowed prefix', () => {
    const policy = policyOf({
      allow: [ruleFor('a.test', { paths: [{ method: '', prefix: '/in/' }] })],
    });
    fc.assert(
      fc.property(anyPath, (text) => {
        const parsed = parsePath(`/in${text}`);
        if ('problem' in parsed) return;
        const ask = askFor('GET https://a.test/', parsed);
        if (!decide(policy, ask).allow) return;
        // As a server may see it: everything decoded, then resolved.
        const seen = new URL(`http://a.test/in${text}`).pathname;
        expect(decodeURIComponent(seen.replace(/%(?![0-7])/g, '%25'))).toMatch(/^\/+in\//);
      }),
      { numRuns: 5000 },
    );
  });
});
