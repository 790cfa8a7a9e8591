// nginx as the floor of the machine: a reverse proxy from TLS to TLS that parses, keeps connections and
// writes an access line, and nothing else. It says nothing of what passes, so it is no peer.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../test/support/free-port.ts';
import { NGINX_TEMP_PATHS } from '../nginx-origin.ts';
import { ORIGIN_HOST } from '../origin.ts';
import { findProgram, startProgram, waitForPort } from '../processes.ts';
import { describeProgram } from './describe.ts';
import type { MeasuredProgram, Program, StartOptions } from './program.ts';

export const nginx: Program = {
  name: 'nginx',
  describe: () =>
    describeProgram('nginx', ['-v'], /nginx\/(\S+)/, 'reverse, writes one access line'),
  start: startNginx,
};

async function startNginx(options: StartOptions): Promise<MeasuredProgram> {
  const [port = 0] = await freePorts(1);
  const { dir } = options;
  const config = join(dir, 'nginx.conf');
  await writeFile(config, nginxConfig(options, port));
  await mkdir(join(dir, 'temp'));
  const args = ['-p', dir, '-e', 'stderr', '-c', config];
  const program = startProgram(findProgram('nginx') ?? '', args);
  await waitForPort(program, port);
  return {
    pid: program.pid,
    port,
    isReverse: true,
    stop: () => program.stop(),
    async check({ requests }) {
      const lines = (await readFile(join(dir, 'access.log'), 'utf8')).trimEnd().split('\n');
      const answered = lines.filter((line) => /" 200 \d+ "/.test(line)).length;
      if (answered !== requests) {
        throw new Error(`its access log has ${answered} answers of ${requests} requests`);
      }
    },
  };
}

/** Workers stay who they are: what they read is in a folder of this user. */
function nginxConfig({ origin, dir, buffering }: StartOptions, port: number): string {
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes ${availableParallelism()};
worker_rlimit_nofile 32768;
pid nginx.pid;
events { worker_connections 16384; }
http {
  access_log ${dir}/access.log;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  ${NGINX_TEMP_PATHS}
  upstream origin {
    server 127.0.0.1:${origin.httpsPort};
    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${origin.certFile};
    ssl_certificate_key ${origin.keyFile};
    location / {
      proxy_pass https://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_ssl_name ${ORIGIN_HOST};
      proxy_ssl_server_name on;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate ${origin.caFile};
      proxy_buffering ${buffering ? 'on' : 'off'};
      proxy_max_temp_file_size 0;
      proxy_read_timeout 600s;
    }
  }
}
`;
}
