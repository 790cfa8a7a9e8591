// The variables that send clients through leash and make them trust it: one table, from which env.sh,
// trust.sh and `leashctl ca env` are made. docs/clients.md says which client reads which. Pure.

/** Where trust.sh puts what it installs as root; an image that copies files puts them here, too. */
export const TRUST_DIR = '/usr/local/share/leash';

/** What a variable is set to. `ca`: leash's CAs alone. `bundle`: the public CAs and leash's. */
export type VarValue = 'proxy' | 'no_proxy' | 'one' | 'ca' | 'bundle';

/** One row per variable. Those of `bundle` replace what the client trusts, those of `ca` add to it. */
export const TRUST_VARS: readonly (readonly [name: string, value: VarValue])[] = [
  ['HTTP_PROXY', 'proxy'],
  ['HTTPS_PROXY', 'proxy'],
  // curl, git, wget and apt read some of them in lower case only.
  ['http_proxy', 'proxy'],
  ['https_proxy', 'proxy'],
  ['NO_PROXY', 'no_proxy'],
  ['no_proxy', 'no_proxy'],
  ['NODE_USE_ENV_PROXY', 'one'],
  ['NODE_EXTRA_CA_CERTS', 'ca'],
  ['DENO_CERT', 'ca'],
  ['SSL_CERT_FILE', 'bundle'],
  ['CURL_CA_BUNDLE', 'bundle'],
  ['GIT_SSL_CAINFO', 'bundle'],
  ['REQUESTS_CA_BUNDLE', 'bundle'],
  ['PIP_CERT', 'bundle'],
  ['CARGO_HTTP_CAINFO', 'bundle'],
  ['AWS_CA_BUNDLE', 'bundle'],
];

/** Servers on the machine itself are not asked by way of leash. */
export const NO_PROXY_HOSTS = 'localhost,127.0.0.1,::1';

export type TrustPlaces = {
  readonly proxyUrl: string;
  readonly ca: string;
  readonly bundle: string;
};

/** Each variable with its value, for these places. */
export function trustVars({ proxyUrl, ca, bundle }: TrustPlaces): [name: string, value: string][] {
  const values: Record<VarValue, string> = {
    proxy: proxyUrl,
    no_proxy: NO_PROXY_HOSTS,
    one: '1',
    ca,
    bundle,
  };
  return TRUST_VARS.map(([name, value]) => [name, values[value]]);
}

/** Names of the variables that get this value. */
export function namesOf(value: VarValue): string[] {
  return TRUST_VARS.filter(([, kind]) => kind === value).map(([name]) => name);
}

/** Java reads no variable of proxies or trust but this one, and says so each time it starts. */
export function javaOptions(proxyUrl: string): string {
  const { hostname, port } = new URL(proxyUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  const of = (scheme: string) =>
    `-D${scheme}.proxyHost=${host} -D${scheme}.proxyPort=${port || '80'}`;
  return `${of('http')} ${of('https')} -Dhttp.nonProxyHosts=localhost|127.0.0.1`;
}
