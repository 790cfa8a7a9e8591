// The files that make a client use leash and trust it, as leash hands them out: at
// http://leash.internal/ by the proxy port, and by the viewer. Public material only. Pure: the CAs, the
// roots of the system and the scripts' texts are passed in.
//
// Invariant: of a request nothing stands in these files: the proxy's address is the socket's own, or a setting.

import { formatAuthority, parseAuthority } from '../host.ts';
import { NO_PROXY_HOSTS, namesOf, TRUST_DIR, trustVars } from './trust-vars.ts';
import { plainHex, type TrustedCa } from './trusted-ca.ts';

export type TrustMaterial = {
  /** The one that signs goes first. */
  readonly cas: readonly TrustedCa[];
  /** The roots of the system that leash runs on, and leash's. */
  readonly bundlePem: string;
  readonly scripts: TrustScripts;
};

/** Texts of the files beside this one; in the first two a block is replaced by what this leash is. */
export type TrustScripts = {
  readonly trust: string;
  readonly doctor: string;
  readonly nodeProxy: string;
};

export type TrustFile = { readonly name: string; readonly type: string; readonly help: string };

const PEM = 'application/x-pem-file';
const SHELL = 'text/x-shellscript; charset=utf-8';

/** What there is, by name. */
export const TRUST_FILES: readonly TrustFile[] = [
  { name: 'trust.sh', type: SHELL, help: 'makes this machine use and trust leash; --help' },
  { name: 'env.sh', type: SHELL, help: 'the same for one shell: eval it' },
  { name: 'doctor.sh', type: SHELL, help: 'tries each program of this machine; changes nothing' },
  { name: 'ca.pem', type: PEM, help: 'all CA certificates of leash that are to be trusted' },
  {
    name: 'ca.crt',
    type: 'application/x-x509-ca-cert',
    help: 'the one that signs now (PEM), for a click on Windows, Android, macOS',
  },
  { name: 'ca-bundle.pem', type: PEM, help: 'public CAs and those of leash, in one file' },
  {
    name: 'proxy.pac',
    type: 'application/x-ns-proxy-autoconfig',
    help: 'for browsers and systems that take a PAC file',
  },
];

/** Those in which the proxy's address does not stand: one text for everybody. */
const WITHOUT_PROXY: readonly string[] = ['ca.pem', 'ca.crt', 'ca-bundle.pem'];

/** Names a text of these files: what is kept is kept once, however many addresses the proxy has. */
export function trustFileKey(name: string, authority: string): string {
  return WITHOUT_PROXY.includes(name) ? name : `${authority} ${name}`;
}

/** `host:port` of the proxy, IPv6 in brackets → its URL. Throws on anything else: it is put into scripts. */
export function proxyUrlOf(authority: string): string {
  const target = parseAuthority(authority, null);
  if ('problem' in target) throw new TypeError(`Cannot name the proxy: ${target.problem}`);
  return `http://${formatAuthority(target.host, target.port)}`;
}

/** The text of a file; null: there is none of this name. `authority`: see `proxyUrlOf`. */
export function renderTrustFile(
  name: string,
  material: TrustMaterial,
  authority: string,
): string | null {
  const { cas, bundlePem, scripts } = material;
  switch (name) {
    case 'ca.pem':
      return caPem(cas);
    case 'ca.crt':
      return cas[0]?.pem ?? '';
    case 'ca-bundle.pem':
      return bundlePem;
    case 'proxy.pac':
      return pacFile(authority);
    case 'env.sh':
      return envScript(authority);
    case 'trust.sh':
      return embed(scripts.trust, [
        ...common(authority),
        `NO_PROXY_HOSTS='${NO_PROXY_HOSTS}'`,
        `PROXY_VARS='${namesOf('proxy').join(' ')}'`,
        `CA_VARS='${namesOf('ca').join(' ')}'`,
        `BUNDLE_VARS='${namesOf('bundle').join(' ')}'`,
        'embedded_cas() {',
        ...cas.map(({ sha256, pem }) => `ca '${plainHex(sha256)}' <<'LEASH_PEM'\n${pem}LEASH_PEM`),
        ':',
        '}',
        `node_proxy() {\ncat <<'LEASH_NODE'\n${scripts.nodeProxy.trimEnd()}\nLEASH_NODE\n}`,
      ]);
    case 'doctor.sh':
      return embed(scripts.doctor, common(authority));
    default:
      return null;
  }
}

/** What is at http://leash.internal/ itself. */
export function trustIndex({ cas }: TrustMaterial, authority: string): string {
  const url = proxyUrlOf(authority);
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [
    'This is leash, the proxy that this machine reaches the internet by.',
    'It opens TLS with a CA of its own: programs have to use the proxy and to trust the CA.',
    '',
    `  proxy    ${url}`,
    ...cas.map(
      ({ sha256, notAfterMs }, i) =>
        `  ${i === 0 ? 'CA' : '  '}       SHA-256 ${sha256}, until ${day(notAfterMs)}`,
    ),
    '',
    'Ask the operator for the fingerprint, and compare. Then:',
    '',
    `  curl -fsS -x ${url} http://leash.internal/trust.sh | sudo sh`,
    `  curl -fsS -x ${url} http://leash.internal/doctor.sh | sh`,
    '',
    ...TRUST_FILES.map(({ name, help }) => `  /${name.padEnd(15)} ${help}`),
    '',
  ].join('\n');
}

/** All CAs, one behind the other. */
export function caPem(cas: readonly TrustedCa[]): string {
  return cas.map(({ pem }) => pem).join('');
}

/** What leash's own roots and the system's are in one file, with a newline between any two. */
export function bundleOf(systemPem: string, cas: readonly TrustedCa[]): string {
  return `${systemPem.trimEnd()}\n${caPem(cas)}`;
}

function common(authority: string): string[] {
  return [`PROXY='${proxyUrlOf(authority)}'`];
}

/** Replaces the block that stands in a script for what leash knows. */
function embed(script: string, lines: readonly string[]): string {
  const block = /^# <embedded>\n[\s\S]*?^# <\/embedded>\n/m;
  return script.replace(block, () => `${lines.join('\n')}\n`);
}

function pacFile(authority: string): string {
  const proxy = proxyUrlOf(authority).slice('http://'.length);
  return [
    '// leash: everything but this machine itself goes through the proxy.',
    'function FindProxyForURL(url, host) {',
    '  if (host === "localhost" || host === "127.0.0.1" || host === "::1" || host === "[::1]") return "DIRECT";',
    `  return "PROXY ${proxy}";`,
    '}',
    '',
  ].join('\n');
}

function envScript(authority: string): string {
  const proxyUrl = proxyUrlOf(authority);
  const vars = trustVars({ proxyUrl, ca: '$leash_ca', bundle: '$leash_bundle' });
  const isTrust = (value: string) => value.startsWith('$');
  return [
    '# leash: proxy and trust for this shell; POSIX sh, bash, zsh. Changes no file.',
    `#   eval "$(curl -fsS -x ${proxyUrl} http://leash.internal/env.sh)"`,
    ...vars.filter(([, value]) => !isTrust(value)).map(([name, v]) => `export ${name}='${v}'`),
    "leash_ca='' leash_bundle=''",
    `for leash_dir in ${TRUST_DIR} "\${XDG_CONFIG_HOME:-\${HOME:-}/.config}/leash"; do`,
    '  if [ -z "$leash_ca" ] && [ -r "$leash_dir/ca.pem" ] && [ -r "$leash_dir/ca-bundle.pem" ]; then',
    '    leash_ca=$leash_dir/ca.pem leash_bundle=$leash_dir/ca-bundle.pem',
    '  fi',
    'done',
    'if [ -n "$leash_ca" ]; then',
    ...vars.filter(([, value]) => isTrust(value)).map(([name, v]) => `  export ${name}="${v}"`),
    'else',
    `  echo 'leash: its CA is not installed here, TLS will fail: run trust.sh first' >&2`,
    'fi',
    'unset leash_dir leash_ca leash_bundle',
    '',
  ].join('\n');
}
