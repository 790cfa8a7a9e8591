// The origin by nginx: one process, which answers small pages from its configuration.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../test/support/free-port.ts';
import { DOWNLOADS, PAGES } from './http/pages.ts';
import type { StartedOrigin } from './origin.ts';
import { readVersion, startProgram, waitForPort } from './processes.ts';

/** Folders that nginx makes where it may write. */
export const NGINX_TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `${name}_temp_path temp/${name};`)
  .join('\n  ');

/** `dir` has the key, the certificate and the files by the names of their pages. */
export async function startNginxOrigin(nginx: string, dir: string): Promise<StartedOrigin> {
  const [http = 0, https = 0] = await freePorts(2);
  const config = join(dir, 'nginx.conf');
  await writeFile(config, nginxConfig({ http, https }, dir));
  await mkdir(join(dir, 'temp'), { recursive: true });
  const program = startProgram(nginx, ['-p', dir, '-e', 'stderr', '-c', config]);
  await Promise.all([waitForPort(program, http), waitForPort(program, https)]);
  const version = readVersion(nginx, ['-v'], /nginx\/(\S+)/);
  return { name: `nginx ${version}`, ports: { http, https }, program, countsItself: true };
}

/**
 * One process without a user of its own. A POST is answered when its body is there: nginx reads it for
 * the mirror, finds that files take no POST, and answers that.
 */
function nginxConfig({ http, https }: StartedOrigin['ports'], dir: string): string {
  const file = (path: string, name: string) => `location = ${path} { alias ${dir}/${name}; }`;
  return `daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 16384; }
http {
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_buffer_size 64k;
  open_file_cache max=16 inactive=1h;
  open_file_cache_valid 1h;
  ${NGINX_TEMP_PATHS}
  server {
    listen 127.0.0.1:${http} backlog=4096;
    listen 127.0.0.1:${https} ssl backlog=4096;
    ssl_certificate ${dir}/cert.pem;
    ssl_certificate_key ${dir}/key.pem;
    location = /count { stub_status; }
    location = / { return 200 "${quoted(PAGES.small.answer)}"; }
    ${file(PAGES.large.path, 'large')}
    location = ${PAGES.post.path} {
      alias ${dir}/post;
      mirror /mirror;
      error_page 405 =200 @received;
    }
    location @received { return 200 "{\\"received\\":$content_length}"; }
    location = /mirror { internal; return 204; }
    location /download {
      default_type application/octet-stream;
      ${file(DOWNLOADS.whole.path, 'whole')}
      ${file(DOWNLOADS.warmUp.path, 'warmUp')}
    }
  }
}
`;
}

function quoted(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}
