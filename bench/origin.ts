// What the load asks for: one body over HTTP and HTTPS on 127.0.0.1, from nginx where it is
// installed, else from Node, in either case a process of its own that counts its requests.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../test/support/free-port.ts';
import { makeTestCa } from '../test/support/test-ca.ts';
import { findProgram, type Running, readVersion, startProgram, waitForPort } from './processes.ts';

export type Origin = {
  /** Program and version. */
  readonly name: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** What a proxy has to trust to reach it. */
  readonly caFile: string;
  readonly body: string;
  /** Requests answered so far, this question aside. */
  requests(): Promise<number>;
  stop(): Promise<void>;
};

/** A name, as agents use; Squid 5 does not find an address in a certificate. */
export const ORIGIN_HOST = 'localhost';
const BODY_BYTES = 1024;
const NODE_ORIGIN = fileURLToPath(new URL('./node-origin.mjs', import.meta.url));

type Files = { readonly key: string; readonly cert: string; readonly body: string };
type Ports = { readonly http: number; readonly https: number };

/** Starts it; `dir` is a folder of its own. */
export async function startOrigin(dir: string): Promise<Origin> {
  const ca = await makeTestCa(dir);
  const { key, cert } = await ca.issue([ORIGIN_HOST]);
  const files = { key: join(dir, 'key.pem'), cert: join(dir, 'cert.pem'), body: join(dir, 'body') };
  const body = 'x'.repeat(BODY_BYTES - 1).concat('\n');
  await Promise.all([
    writeFile(files.key, key),
    writeFile(files.cert, cert),
    writeFile(files.body, body),
  ]);
  const nginx = findProgram('nginx');
  const origin =
    nginx === null ? await startNode(files) : await startNginx({ nginx, dir, files, body });
  const { name, ports, program, countsItself } = origin;
  let asked = 0;
  return {
    name,
    httpPort: ports.http,
    httpsPort: ports.https,
    caFile: ca.caFile,
    body,
    async requests() {
      const response = await fetch(`http://127.0.0.1:${ports.http}/count`);
      const count = Number((await response.text()).split('\n')[2]?.trim().split(' ')[2]);
      asked += 1;
      return countsItself ? count - asked : count;
    },
    stop: () => program.stop(),
  };
}

type Started = {
  readonly name: string;
  readonly ports: Ports;
  readonly program: Running;
  readonly countsItself: boolean;
};

async function startNode({ key, cert, body }: Files): Promise<Started> {
  const program = startProgram(process.execPath, [NODE_ORIGIN, key, cert, body]);
  const ports: Ports = JSON.parse(await program.firstLine());
  return { name: `node ${process.version}`, ports, program, countsItself: false };
}

type NginxFiles = {
  readonly nginx: string;
  readonly dir: string;
  readonly files: Files;
  readonly body: string;
};

async function startNginx({ nginx, dir, files, body }: NginxFiles): Promise<Started> {
  const [http = 0, https = 0] = await freePorts(2);
  const config = join(dir, 'nginx.conf');
  await writeFile(config, nginxConfig({ http, https }, files, body));
  await mkdir(join(dir, 'temp'), { recursive: true });
  const program = startProgram(nginx, ['-p', dir, '-e', 'stderr', '-c', config]);
  await Promise.all([waitForPort(program, http), waitForPort(program, https)]);
  const version = readVersion(nginx, ['-v'], /nginx\/(\S+)/);
  return { name: `nginx ${version}`, ports: { http, https }, program, countsItself: true };
}

/** One process without a user of its own; each folder that nginx would want to own is in `dir`. */
function nginxConfig({ http, https }: Ports, files: Files, body: string): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  ${temp.map((name) => `${name}_temp_path temp/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${http} backlog=4096;
    listen 127.0.0.1:${https} ssl backlog=4096;
    ssl_certificate ${files.cert};
    ssl_certificate_key ${files.key};
    location = /count { stub_status; }
    location / { return 200 "${body.replace('\n', '\\n')}"; }
  }
}
`;
}
