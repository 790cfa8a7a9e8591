// Squid with ssl_bump: the client sees a certificate of Squid's, as with leash.

import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../test/support/free-port.ts';
import { run } from '../../test/support/run-client.ts';
import { makeTestCa } from '../../test/support/test-ca.ts';
import type { Origin } from '../origin.ts';
import { findProgram, startProgram, waitForPort } from '../processes.ts';
import { describeProgram } from './describe.ts';
import type { MeasuredProgram, Program, StartOptions } from './program.ts';

export const squid: Program = {
  name: 'squid',
  describe: () => describeProgram('squid', ['-v'], /Version (\S+)/, 'writes one access line'),
  start: startSquid,
};

const CERTGEN_FOLDERS = ['/usr/lib/squid', '/usr/lib64/squid', '/usr/libexec/squid'];

async function startSquid({ origin, dir }: StartOptions): Promise<MeasuredProgram> {
  const [port = 0] = await freePorts(1);
  const config = join(dir, 'squid.conf');
  const certgen = CERTGEN_FOLDERS.map((folder) => join(folder, 'security_file_certgen')).find(
    existsSync,
  );
  if (certgen === undefined) throw new Error('this Squid cannot open TLS: install squid-openssl');
  await makeTestCa(dir);
  const trusted = await copyTrusted(origin, dir);
  await must(certgen, '-c', '-s', join(dir, 'certificates'), '-M', '16MB');
  await writeFile(config, squidConfig({ port, dir, certgen, trusted }));
  // Squid leaves root for a user of its own, which then has to own what it writes.
  if (process.getuid?.() === 0) await must('chown', '-R', 'proxy:proxy', dir);
  const program = startProgram(findProgram('squid') ?? '', ['-N', '-f', config]);
  await waitForPort(program, port);
  return {
    pid: program.pid,
    port,
    isReverse: false,
    stop: () => program.stop(),
    async check({ requests }) {
      const lines = (await readFile(join(dir, 'access.log'), 'utf8')).trimEnd().split('\n');
      const answered = lines.filter((line) => / TCP_MISS\/200 \d+ (GET|POST) /.test(line)).length;
      if (answered !== requests) {
        throw new Error(`its access log has ${answered} answers of ${requests} requests`);
      }
    },
  };
}

type SquidFiles = {
  readonly port: number;
  readonly dir: string;
  readonly certgen: string;
  readonly trusted: string;
};

function squidConfig({ port, dir, certgen, trusted }: SquidFiles): string {
  return `http_port 127.0.0.1:${port} ssl-bump tls-cert=${dir}/test-ca.pem tls-key=${dir}/test-ca.key generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program ${certgen} -s ${dir}/certificates -M 16MB
acl hello at_step SslBump1
ssl_bump peek hello
ssl_bump bump all
tls_outgoing_options cafile=${trusted}
http_access allow all
cache deny all
cache_mem 8 MB
access_log stdio:${dir}/access.log
cache_log ${dir}/cache.log
pid_filename ${dir}/squid.pid
coredump_dir ${dir}
pinger_enable off
shutdown_lifetime 1 seconds
`;
}

/** A copy that a program may read which is another user by then. */
async function copyTrusted(origin: Origin, dir: string): Promise<string> {
  const copy = join(dir, 'trusted.pem');
  await copyFile(origin.caFile, copy);
  return copy;
}

async function must(file: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(file, args);
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${stderr}`);
}
