// What kind of address this is: the special ranges as one table, first match wins. Bytes in, a class
// out. Knows no text forms (address.ts has those) and no policy.
//
// Sources: IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890), and the metadata
// services that cloud providers document. Whatever no row names is public (IPv4) or reserved (IPv6).

export type AddressClass =
  | 'public'
  | 'private'
  | 'cgnat'
  | 'ula'
  | 'loopback'
  | 'link_local'
  | 'metadata'
  | 'multicast'
  | 'broadcast'
  | 'unspecified'
  | 'documentation'
  | 'reserved'
  | 'embedded_v4';

type Row = readonly [prefix: string, bits: number, addressClass: AddressClass];

/** Prefixes in hex, as many digits as matter; the rest is zero. */
const IPV4: readonly Row[] = [
  ['a9fea9fe', 32, 'metadata'], // 169.254.169.254, nearly every cloud
  ['a9feaa02', 32, 'metadata'], // 169.254.170.2, AWS ECS
  ['a9feaa17', 32, 'metadata'], // 169.254.170.23, AWS EKS
  ['646464c8', 32, 'metadata'], // 100.100.100.200, Alibaba: inside CGNAT space
  ['c00000c0', 32, 'metadata'], // 192.0.0.192, Oracle
  ['a83f8110', 32, 'metadata'], // 168.63.129.16, Azure: public space, reaches the host
  ['00', 8, 'unspecified'], // "this network"; Linux connects 0.0.0.0 to loopback
  ['0a', 8, 'private'],
  ['6440', 10, 'cgnat'],
  ['7f', 8, 'loopback'],
  ['a9fe', 16, 'link_local'],
  ['ac10', 12, 'private'],
  ['c0a8', 16, 'private'],
  ['c00000', 24, 'reserved'], // IETF protocol assignments
  ['c00002', 24, 'documentation'],
  ['c05863', 24, 'reserved'], // 192.88.99.0/24, former 6to4 relays
  ['c612', 15, 'reserved'], // benchmarking
  ['c63364', 24, 'documentation'],
  ['cb0071', 24, 'documentation'],
  ['ffffffff', 32, 'broadcast'],
  ['e0', 4, 'multicast'],
  ['f0', 4, 'reserved'],
];

const IPV6: readonly Row[] = [
  ['fd000ec2000000000000000000000254', 128, 'metadata'], // AWS, inside ULA space
  ['fd2000ce000000000000000000000254', 128, 'metadata'], // Google, inside ULA space
  ['fe8000000000000000000000a9fea9fe', 128, 'metadata'],
  ['', 128, 'unspecified'],
  ['00000000000000000000000000000001', 128, 'loopback'],
  ['', 96, 'embedded_v4'], // IPv4-compatible
  ['00000000000000000000ffff', 96, 'embedded_v4'], // IPv4-mapped, for bytes that were not unmapped
  ['0000000000000000ffff0000', 96, 'embedded_v4'], // IPv4-translated, RFC 2765
  ['0064ff9b0000000000000000', 96, 'embedded_v4'], // NAT64 that was not unwrapped
  ['0064ff9b0001', 48, 'embedded_v4'], // local-use NAT64, RFC 8215
  ['20010000', 32, 'embedded_v4'], // Teredo
  ['2002', 16, 'embedded_v4'], // 6to4
  ['20010db8', 32, 'documentation'],
  ['3fff', 20, 'documentation'],
  ['2001', 23, 'reserved'], // IETF protocol assignments: benchmarking, ORCHID, ...
  ['fc', 7, 'ula'],
  ['fe80', 10, 'link_local'],
  ['ff', 8, 'multicast'],
  ['20', 3, 'public'], // the only space assigned as global unicast
  ['', 0, 'reserved'],
];

const TABLES = {
  4: IPV4.map((row) => compile(row, 4)),
  16: IPV6.map((row) => compile(row, 16)),
} as const;

/** 4 or 16 bytes in network order → the class. No unwrapping happens here. */
export function builtInClass(bytes: readonly number[]): AddressClass {
  if (bytes.length !== 4) {
    // ISATAP (RFC 5214) hides IPv4 in the interface id, below any prefix.
    const hex = toHex(bytes);
    if (hex.slice(16, 24) === '00005efe' || hex.slice(16, 24) === '02005efe') return 'embedded_v4';
    return lookUp(TABLES[16], bytes) ?? 'reserved';
  }
  return lookUp(TABLES[4], bytes) ?? 'public';
}

type Compiled = {
  readonly bytes: readonly number[];
  readonly bits: number;
  readonly addressClass: AddressClass;
};

function lookUp(table: readonly Compiled[], bytes: readonly number[]): AddressClass | undefined {
  return table.find((row) => startsWith(bytes, row))?.addressClass;
}

function startsWith(bytes: readonly number[], row: Compiled): boolean {
  const whole = Math.floor(row.bits / 8);
  for (let i = 0; i < whole; i += 1) if (bytes[i] !== row.bytes[i]) return false;
  const rest = 8 - (row.bits % 8);
  return rest === 8 || (bytes[whole] ?? 0) >> rest === (row.bytes[whole] ?? 0) >> rest;
}

function compile([prefix, bits, addressClass]: Row, length: number): Compiled {
  const hex = prefix.padEnd(length * 2, '0');
  const bytes = Array.from({ length }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
  return { bytes, bits, addressClass };
}

function toHex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
