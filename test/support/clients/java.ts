// Java's HttpClient as a program. setup.sh installs no JDK, so a test asks first.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasProgram } from './need-programs.ts';
import type { Stage } from './start-stage.ts';

export const HAS_JDK = ['java', 'javac', 'keytool'].every(hasProgram);

const SOURCE = fileURLToPath(new URL('./JavaClient.java', import.meta.url));
const STORE_PASSWORD = 'changeit';
/** A JVM starts slowly on a machine that is busy. */
const TIMEOUT_MS = 50_000;

/** Compiles the client, makes a trust store with leash's CA; gives the options that name the store. */
export async function buildJava(stage: Stage): Promise<string[]> {
  await stage.client('javac', ['-d', stage.dir, SOURCE], { timeoutMs: TIMEOUT_MS });
  const store = join(stage.dir, 'trust.p12');
  const kind = ['-storetype', 'PKCS12', '-storepass', STORE_PASSWORD, '-keystore', store];
  const ca = ['-alias', 'leash', '-file', stage.leash.caFile];
  const args = ['-importcert', '-noprompt', ...kind, ...ca];
  await stage.client('keytool', args, { timeoutMs: TIMEOUT_MS });
  return [
    `-Djavax.net.ssl.trustStore=${store}`,
    `-Djavax.net.ssl.trustStorePassword=${STORE_PASSWORD}`,
  ];
}

/** The end of java's command line: the client, a URL, and name and password for the proxy. */
export function javaClient(stage: Stage, url: string, ...login: readonly string[]): string[] {
  const { proxyPort } = stage.leash;
  return ['-cp', stage.dir, 'JavaClient', url, '127.0.0.1', String(proxyPort), ...login];
}
