import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalIp,
  cidrContains,
  classifyAddress,
  judgeAddress,
  networkText,
  parseCidr,
} from '../../src/shared/address.ts';
import { findNetwork, networkMap } from '../../src/shared/network-map.ts';
import { good } from '../support/good.ts';

/** A few first groups, so that addresses and networks meet. */
const nearV6 = fc
  .array(fc.constantFrom('0', '1', 'fe80', 'ffff'), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.join(':'));
const nearV4 = fc
  .array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 4, maxLength: 4 })
  .map((parts) => parts.join('.'));
const ip = fc.oneof(fc.ipV4(), fc.ipV6(), nearV4, nearV6);
const anyText = fc.oneof(
  ip,
  fc.ipV4Extended(),
  fc.string({ unit: fc.constantFrom(...'0127af.:%[]x/ '), maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
);

/** A network round an address. */
const network = fc.tuple(ip, fc.integer({ min: 0, max: 128 })).map(([text, bits]) => {
  const canonical = canonicalIp(text) ?? '::';
  const family = canonical.includes(':') ? 6 : 4;
  return networkText(canonical, family, family === 4 ? bits % 33 : bits) ?? '';
});

/** What node says: an implementation that is not ours. */
function nodeContains(cidr: string, text: string): boolean {
  const [address = '', bits] = cidr.split('/');
  const family = (which: string) => (which.includes(':') ? 'ipv6' : 'ipv4');
  const canonical = canonicalIp(text) ?? '';
  if (family(address) !== family(canonical)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family(address));
  return list.check(canonical, family(canonical));
}

describe('canonicalIp()', () => {
  it('takes what node takes for an address, and nothing else', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const canonical = canonicalIp(text);
        // Node takes zone ids, too.
        expect(canonical !== null).toBe(isIP(text) !== 0 && !text.includes('%'));
        if (canonical !== null) expect(canonicalIp(canonical)).toBe(canonical);
      }),
      { numRuns: 3000 },
    );
  });

  it('writes all spellings of an address in the same way', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), nearV6), (text) => {
        const written = canonicalIp(text) ?? '';
        if (written.includes('.')) return;
        expect(written).toBe(new URL(`http://[${text}]`).hostname.slice(1, -1));
        expect(canonicalIp(text.toUpperCase())).toBe(written);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('networks', () => {
  it('contain what node says that they contain', () => {
    fc.assert(
      fc.property(network, ip, (text, address) => {
        expect(cidrContains(good(parseCidr(text)), address)).toBe(nodeContains(text, address));
      }),
      { numRuns: 2000 },
    );
  });

  it('are found by the most specific one, as a walk through all of them finds it', () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 20 }), ip, (networks, address) => {
        const map = networkMap(networks.map((text) => ({ name: text, network: text })));
        const bits = (text: string) => Number(text.split('/')[1]);
        const holding = networks.filter((text) => nodeContains(text, address));
        const best = holding.sort((a, b) => bits(b) - bits(a))[0] ?? null;
        expect(findNetwork(map, address)).toBe(best);
      }),
      { numRuns: 1000 },
    );
  });

  it('parseCidr() never throws, and its text is its own normal form', () => {
    fc.assert(
      fc.property(anyText, fc.oneof(fc.constant(''), fc.nat(130).map(String)), (text, bits) => {
        const parsed = parseCidr(bits === '' ? text : `${text}/${bits}`);
        if (!('problem' in parsed)) expect(parseCidr(parsed.text)).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('judgeAddress()', () => {
  it('dials public addresses alone where no rule opens more, however they are written', () => {
    const ctx = {
      network: { allowPrivate: [], deny: [], nat64: [] },
      privateRule: false,
      literalRule: false,
      listeners: [],
      ownAddresses: new Set<string>(),
    };
    fc.assert(
      fc.property(anyText, (text) => {
        const isPublic = classifyAddress(text, []) === 'public';
        expect(judgeAddress(text, 443, ctx)).toBe(isPublic ? 'ok' : 'address_not_allowed');
        if (isIP(text) !== 4) return;
        const hidden = [`::ffff:${text}`, `64:ff9b::${text}`];
        for (const each of hidden) expect(classifyAddress(each, []) === 'public').toBe(isPublic);
        expect(classifyAddress(`::${text}`, [])).not.toBe('public');
      }),
      { numRuns: 2000 },
    );
  });
});
