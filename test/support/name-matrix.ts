// The matrix of B-03: every place of a connection that names a host, times everything that can stand
// there, and what the check asks for in each case. It knows no code of leash's.

export const NAMES = ['ok', 'other', 'evil', 'absent', 'duplicate', 'unreadable'] as const;
export type Named = (typeof NAMES)[number];
/** One connection: what each place of it names. */
export type Combination = {
  readonly n: number;
  readonly connect: Named;
  /** `plain`: no TLS in the tunnel. */
  readonly sni: Named | 'plain';
  readonly uri: Named;
  readonly host: Named;
  readonly second: Named;
};

/** By the rule of the check, not by leash's code: the status of a request, or 0 for "not served". */
export function statusFor(target: Named, uri: Named, host: Named): number {
  if (host === 'absent' || host === 'duplicate' || host === 'unreadable') return 400;
  // Without a tunnel, the URI is what others have to agree with.
  if (target === 'absent') {
    if (uri === 'absent' || uri === 'duplicate' || uri === 'unreadable') return 400;
    if (host !== uri) return 421;
    return uri === 'evil' ? 403 : 200;
  }
  if (host !== target) return 421;
  if (uri === 'absent' || uri === target) return 200;
  return uri === 'duplicate' || uri === 'unreadable' ? 400 : 421;
}

/** Every combination that differs: behind a CONNECT or an SNI that ends it there is nothing to vary. */
export function combinations(): Combination[] {
  const list: Omit<Combination, 'n'>[] = [];
  const requests = NAMES.flatMap((uri) =>
    NAMES.flatMap((host) => NAMES.map((second) => ({ uri, host, second }))),
  );
  const one = { uri: 'absent', host: 'ok', second: 'ok' } as const;
  for (const connect of NAMES) {
    if (connect === 'absent') {
      list.push(...requests.map((request) => ({ connect, sni: 'plain' as const, ...request })));
    } else if (connect !== 'ok' && connect !== 'other') {
      list.push(...[...NAMES, 'plain' as const].map((sni) => ({ connect, sni, ...one })));
    } else {
      for (const sni of [...NAMES, 'plain' as const]) {
        const goesOn = sni === 'absent' || sni === 'plain' || sni === connect;
        list.push(...(goesOn ? requests : [one]).map((request) => ({ connect, sni, ...request })));
      }
    }
  }
  return list.map((combination, n) => ({ n, ...combination }));
}
