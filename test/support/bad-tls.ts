// Certificates that no client should accept, made by the openssl program: one key, one request, and a
// signature each.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run-client.ts';

export type Chain = { readonly key: string; readonly cert: string };

export type BadTls = {
  /** The root that is trusted. */
  readonly rootFile: string;
  /** By the name of the kind. */
  readonly chains: Readonly<Record<string, Chain>>;
};

type Signed = {
  readonly name: string;
  /** Extensions, one a line. */
  readonly ext: string;
  readonly by?: string;
  readonly subject?: string;
  /** Notbefore and notafter, where they matter: `YYMMDDHHMMSSZ`. */
  readonly from?: string;
  readonly to?: string;
  readonly digest?: string;
  /** The request that is signed; 'leaf' where absent. */
  readonly request?: string;
  /** What the server sends behind it. */
  readonly chain?: readonly string[];
};

const PAST = ['200101000000Z', '200201000000Z'] as const;
const FUTURE = ['480101000000Z', '490101000000Z'] as const;
const san = (text: string) => `subjectAltName=${text}`;
const SERVER = 'extendedKeyUsage=serverAuth';
const GOOD = `${san('DNS:good.test')}\n${SERVER}`;
const ca = (more: string) => `basicConstraints=critical,CA:TRUE${more}\nkeyUsage=keyCertSign`;

/** Authorities first: who signs stands above those whom it signs. */
const SIGNED: readonly Signed[] = [
  { name: 'ca', ext: ca(''), request: 'sub' },
  { name: 'ca-no-ca', ext: 'basicConstraints=critical,CA:FALSE', request: 'sub' },
  {
    name: 'ca-no-sign',
    ext: 'basicConstraints=critical,CA:TRUE\nkeyUsage=cRLSign',
    request: 'sub',
  },
  { name: 'ca-expired', ext: ca(''), from: PAST[0], to: PAST[1], request: 'sub' },
  { name: 'ca-short', ext: ca(',pathlen:0'), request: 'sub' },
  { name: 'ca-below', ext: ca(''), by: 'ca-short', subject: '/CN=Below', request: 'sub' },
  {
    name: 'ca-named',
    ext: `${ca('')}\nnameConstraints=critical,permitted;DNS:allowed.test`,
    request: 'sub',
  },
  { name: 'good', ext: GOOD },
  { name: 'good by an intermediate', ext: GOOD, by: 'ca', chain: ['ca'] },
  { name: 'good by a wildcard', ext: san('DNS:*.wild.test') },
  {
    name: 'good by a name constraint',
    ext: san('DNS:in.allowed.test'),
    by: 'ca-named',
    chain: ['ca-named'],
  },
  { name: 'good by an address', ext: san('IP:127.0.0.1') },
  { name: 'expired', ext: GOOD, from: PAST[0], to: PAST[1] },
  { name: 'not yet valid', ext: GOOD, from: FUTURE[0], to: FUTURE[1] },
  { name: 'wrong host', ext: san('DNS:other.test') },
  { name: 'untrusted root', ext: GOOD, by: 'stranger' },
  { name: 'name in the subject only', ext: SERVER, subject: '/CN=good.test' },
  {
    name: 'name in the subject, others in SAN',
    ext: san('DNS:other.test'),
    subject: '/CN=good.test',
  },
  { name: 'wildcard one level too deep', ext: san('DNS:*.wild.test') },
  { name: 'wildcard for its own parent', ext: san('DNS:*.wild.test') },
  { name: 'wildcard of everything', ext: san('DNS:*') },
  { name: 'name that ends like it', ext: san('DNS:notgood.test,DNS:test') },
  { name: 'another address', ext: san('IP:127.0.0.9') },
  { name: 'address as a name', ext: san('DNS:127.0.0.1') },
  { name: 'missing intermediate', ext: GOOD, by: 'ca' },
  { name: 'intermediate that is no CA', ext: GOOD, by: 'ca-no-ca', chain: ['ca-no-ca'] },
  { name: 'intermediate that may not sign', ext: GOOD, by: 'ca-no-sign', chain: ['ca-no-sign'] },
  { name: 'expired intermediate', ext: GOOD, by: 'ca-expired', chain: ['ca-expired'] },
  { name: 'path too long', ext: GOOD, by: 'ca-below', chain: ['ca-below', 'ca-short'] },
  { name: 'name constraint violated', ext: GOOD, by: 'ca-named', chain: ['ca-named'] },
  { name: 'for clients only', ext: `${san('DNS:good.test')}\nextendedKeyUsage=clientAuth` },
  { name: 'for code only', ext: `${san('DNS:good.test')}\nextendedKeyUsage=codeSigning` },
  { name: 'unknown critical extension', ext: `${GOOD}\n1.2.3.4=critical,ASN1:NULL` },
  { name: 'RSA of 1024 bits', ext: GOOD, request: 'rsa' },
  { name: 'signed with SHA-1', ext: GOOD, digest: 'sha1' },
];

/** Makes them all in `dir`. */
export async function makeBadTls(dir: string): Promise<BadTls> {
  const file = (name: string) => join(dir, name);
  await writeFile(file('openssl.cnf'), CONFIG);
  await Promise.all(['leaf', 'sub'].map((name) => request(dir, name, EC)));
  await request(dir, 'rsa', ['-newkey', 'rsa:1024']);
  await Promise.all(
    ['root', 'stranger', 'self-signed'].map((name) => {
      const isLeaf = name === 'self-signed';
      const extensions = isLeaf ? [san('DNS:good.test')] : ca('').split('\n');
      return openssl(dir, [
        ...['req', '-x509', ...EC, '-nodes', '-subj', `/CN=${name}`, '-days', '2'],
        ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-config', 'openssl.cnf'],
        ...extensions.flatMap((extension) => ['-addext', extension]),
      ]);
    }),
  );
  const chains: Record<string, Chain> = {
    'self-signed': await chainOf(dir, ['self-signed'], 'self-signed'),
  };
  for (const signed of SIGNED) {
    await sign(dir, signed);
    const { name, chain = [], request: key = 'leaf' } = signed;
    if (!name.startsWith('ca')) chains[name] = await chainOf(dir, [name, ...chain], key);
  }
  return { rootFile: file('root.pem'), chains };
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
/** Of `openssl ca`, which alone can give any time. */
const CONFIG = `[req]
distinguished_name = none
[none]
[ca]
default_ca = any
[any]
new_certs_dir = .
database = index
rand_serial = yes
default_md = sha256
default_days = 2
policy = policy
unique_subject = no
email_in_dn = no
[policy]
commonName = supplied
`;

async function sign(dir: string, signed: Signed): Promise<void> {
  const { name, ext, by = 'root', request: key = 'leaf', digest = 'sha256' } = signed;
  const base = name.replaceAll(' ', '-');
  await writeFile(join(dir, `${base}.ext`), `${ext}\n`);
  await writeFile(join(dir, 'index'), '');
  const isSub = !['root', 'stranger'].includes(by);
  const subject = signed.subject ?? (key === 'sub' ? `/CN=${base}` : '/CN=test server');
  await openssl(dir, [
    ...['ca', '-batch', '-notext', '-config', 'openssl.cnf', '-in', `${key}.csr`, '-subj', subject],
    ...['-cert', `${by}.pem`, '-keyfile', isSub ? 'sub.key' : `${by}.key`, '-md', digest],
    ...['-extfile', `${base}.ext`, '-out', `${base}.pem`],
    ...(signed.from === undefined ? [] : ['-startdate', signed.from]),
    ...(signed.to === undefined ? [] : ['-enddate', signed.to]),
  ]);
}

async function chainOf(dir: string, names: readonly string[], key: string): Promise<Chain> {
  const read = (name: string) => readFile(join(dir, name), 'utf8');
  const certs = await Promise.all(names.map((name) => read(`${name.replaceAll(' ', '-')}.pem`)));
  return { key: await read(`${key}.key`), cert: certs.join('') };
}

async function request(dir: string, name: string, key: readonly string[]): Promise<void> {
  await openssl(dir, [
    ...['req', ...key, '-nodes', '-subj', '/CN=x', '-keyout', `${name}.key`, '-out', `${name}.csr`],
    ...['-config', 'openssl.cnf'],
  ]);
}

async function openssl(dir: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run('openssl', args, { cwd: dir });
  if (code !== 0)
    throw new Error(`Cannot make a certificate: openssl ${args.join(' ')}: ${stderr}`);
}
