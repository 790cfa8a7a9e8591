// What policy files there are and what they say, validated and in normal form: what the primary reads
// and sends, and workers compile.

/** In the order in which they are read; an overlay after the file that it adds to. */
export const POLICY_FILES = [
  'mode',
  'enforce.yaml',
  'enforce.local.yaml',
  'blocklist.yaml',
  'blocklist.local.yaml',
  'agents.yaml',
  'network.yaml',
] as const;
export type PolicyFile = (typeof POLICY_FILES)[number];

export type Mode = 'enforce' | 'audit' | 'blocklist';

/** One entry of enforce.yaml or blocklist.yaml; `null` = any. */
export type Rule = {
  readonly host: string;
  readonly ports: readonly number[] | null;
  /** The rule holds for names below `host`, too. */
  readonly subdomains: boolean;
  /** Method in upper case or '' = any; prefix in normal form or '' = any. */
  readonly paths: readonly { readonly method: string; readonly prefix: string }[] | null;
  readonly agents: readonly string[] | null;
  readonly private: boolean;
  readonly expiresAtMs: number | null;
  readonly reason: string;
  /** The rule as the operator wrote it, short: `enforce.yaml:12 github.com`. */
  readonly text: string;
};

export type AgentName = {
  readonly name: string;
  readonly networks: readonly string[];
  /** SHA-256 of the agent's token in hex; '' = it has none. */
  readonly tokenSha256: string;
};

/** The validated content of all policy files, as it crosses the pipe (JSON). */
export type PolicySource = {
  readonly mode: Mode;
  readonly allow: readonly Rule[];
  readonly block: readonly Rule[];
  readonly agentNetworks: readonly string[];
  readonly agents: readonly AgentName[];
  /** A client that is no known agent gets 407. */
  readonly requireIdentity: boolean;
  readonly network: {
    readonly allowPrivate: readonly string[];
    readonly deny: readonly string[];
    readonly nat64: readonly string[];
    /** `host` or `*.host`. */
    readonly passthrough: readonly string[];
    /** `host:port`. */
    readonly opaque: readonly string[];
    /** As `passthrough`: hosts that leash reaches itself where there is an upstream proxy. */
    readonly direct: readonly string[];
  };
};

/** What applies where a file was never there: enforcing empty lists, which denies everything. */
export const EMPTY_POLICY: PolicySource = {
  mode: 'enforce',
  allow: [],
  block: [],
  agentNetworks: [],
  agents: [],
  requireIdentity: false,
  network: { allowPrivate: [], deny: [], nat64: [], passthrough: [], opaque: [], direct: [] },
};
