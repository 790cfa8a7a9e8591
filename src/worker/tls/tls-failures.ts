// Why a client broke off its handshake with leash, in words that name the cure. A client that trusted
// leash's CA before and refuses it for one host may pin that host's certificate; one that never
// trusted it lacks the CA. Remembers a bounded number of clients and hosts, oldest out first.

/** Enough for the hosts of a fleet; more only makes the words less certain. */
const MAX_ENTRIES = 4096;

const INSTALL_CA = "the client does not trust leash's CA: give it ca.pem";
const CURES: readonly (readonly [words: RegExp, cure: string])[] = [
  [/unknown ca|bad certificate|certificate unknown|certificate_unknown/, INSTALL_CA],
  [/certificate (expired|revoked)/, "the client's clock, or a CA that leash had before"],
  [
    /protocol version|unsupported protocol|version too low/,
    'the client speaks no TLS 1.2 or later',
  ],
  [/no shared cipher|handshake failure/, 'client and leash have no cipher in common'],
  [/no application protocol/, 'the client wants a protocol that leash does not offer'],
];

export class TlsFailures {
  /** Clients that finished a handshake: they trust the CA. */
  readonly #trusting = new Set<string>();
  /** Failures in a row, by client and host. */
  readonly #failures = new Map<string, number>();

  succeeded(client: string, host: string): void {
    this.#trusting.add(client);
    forgetOldest(this.#trusting);
    this.#failures.delete(`${client} ${host}`);
  }

  /** What went wrong (OpenSSL's words) → the reason for the record: words, cure, how often in a row. */
  failed(client: string, host: string, words: string): string {
    const key = `${client} ${host}`;
    const times = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.delete(key);
    this.#failures.set(key, times);
    forgetOldest(this.#failures);
    const found = CURES.find(([known]) => known.test(words.toLowerCase()))?.[1] ?? '';
    const pins = found === INSTALL_CA && this.#trusting.has(client);
    const cure = pins ? pinned(host) : found;
    const again = times > 1 ? `, ${times} times in a row` : '';
    return `tls_client: ${words}${again}${cure === '' ? '' : ` (${cure})`}`;
  }
}

function pinned(host: string): string {
  return (
    "this program does not trust leash's CA, another one at its address does: give it ca.pem, or, " +
    `where it pins certificates, list ${host} under passthrough in network.yaml`
  );
}

function forgetOldest(entries: Set<string> | Map<string, number>): void {
  if (entries.size <= MAX_ENTRIES) return;
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}
