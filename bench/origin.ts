// What the load asks for, over HTTP and HTTPS on 127.0.0.1: pages, and a large file, from nginx where it
// is installed, else from Node, in either case a process of its own that counts its requests.

import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTestCa } from '../test/support/test-ca.ts';
import { DOWNLOADS, PAGES } from './http/pages.ts';
import { startNginxOrigin } from './nginx-origin.ts';
import { findProgram, type Running, startProgram } from './processes.ts';

export type Origin = {
  /** Program and version. */
  readonly name: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** What a proxy has to trust to reach it. */
  readonly caFile: string;
  /** Of its certificate, which is valid for ORIGIN_HOST: a reverse proxy has the same. */
  readonly keyFile: string;
  readonly certFile: string;
  /** The answer to `/`. */
  readonly body: string;
  /** Requests answered so far, this question aside. */
  requests(): Promise<number>;
  stop(): Promise<void>;
};

/** A program that serves the folder of an origin. */
export type StartedOrigin = {
  readonly name: string;
  readonly ports: { readonly http: number; readonly https: number };
  readonly program: Running;
  /** Whether it counts the question how many it has answered. */
  readonly countsItself: boolean;
};

/** A name, as agents use; Squid 5 does not find an address in a certificate. */
export const ORIGIN_HOST = 'localhost';
const NODE_ORIGIN = fileURLToPath(new URL('./node-origin.mjs', import.meta.url));

/** Starts it; `dir` is a folder of its own. */
export async function startOrigin(dir: string): Promise<Origin> {
  const ca = await makeTestCa(dir);
  const { key, cert } = await ca.issue([ORIGIN_HOST]);
  const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  await Promise.all([
    writeFile(keyFile, key),
    writeFile(certFile, cert),
    ...Object.entries(PAGES).map(([name, { answer }]) => writeFile(join(dir, name), answer)),
    ...Object.entries(DOWNLOADS).map(([name, { bytes }]) => writeSparse(join(dir, name), bytes)),
  ]);
  const nginx = findProgram('nginx');
  const { name, ports, program, countsItself } =
    nginx === null ? await startNode(dir) : await startNginxOrigin(nginx, dir);
  let asked = 0;
  return {
    name,
    httpPort: ports.http,
    httpsPort: ports.https,
    caFile: ca.caFile,
    keyFile,
    certFile,
    body: PAGES.small.answer,
    async requests() {
      // A connection of its own: one that was kept may be gone by the time of the next question.
      const headers = { connection: 'close' };
      const response = await fetch(`http://127.0.0.1:${ports.http}/count`, { headers });
      const count = Number((await response.text()).split('\n')[2]?.trim().split(' ')[2]);
      asked += 1;
      return countsItself ? count - asked : count;
    },
    stop: () => program.stop(),
  };
}

/** Zeros that take no space on the disk. */
async function writeSparse(path: string, bytes: number): Promise<void> {
  await writeFile(path, '');
  await truncate(path, bytes);
}

async function startNode(dir: string): Promise<StartedOrigin> {
  const files = Object.entries({ ...PAGES, ...DOWNLOADS }).map(([name, { path }]) => [path, name]);
  const routes = JSON.stringify(Object.fromEntries(files));
  const program = startProgram(process.execPath, [NODE_ORIGIN, dir, routes]);
  const ports: StartedOrigin['ports'] = JSON.parse(await program.firstLine());
  return { name: `node ${process.version}`, ports, program, countsItself: false };
}
