// An origin for git: Debian's own `git http-backend`, run as the CGI program that it is.

import { spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import type { Handler } from '../origin-routes.ts';
import { clientEnv } from '../run-client.ts';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Serves the repositories below `dir`; pushes are taken where a repository allows them. */
export function gitRoutes(dir: string): Handler {
  return async (request, response) => {
    const cgi = spawn('git', ['http-backend'], { env: environment(request, dir) });
    cgi.stderr.resume();
    cgi.on('error', () => response.destroy());
    // It may answer without having read all of the body.
    cgi.stdin.on('error', () => {});
    request.pipe(cgi.stdin);
    let head: Buffer | null = Buffer.alloc(0);
    cgi.stdout.on('data', (chunk: Buffer) => {
      if (head === null) {
        if (!response.write(chunk)) pauseUntilDrained();
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const { status, headers } = parseHead(head.toString('latin1', 0, end));
      response.writeHead(status, headers);
      response.write(head.subarray(end + END_OF_HEAD.length));
      head = null;
    });
    const pauseUntilDrained = () => {
      cgi.stdout.pause();
      response.once('drain', () => cgi.stdout.resume());
    };
    cgi.stdout.on('end', () => response.end());
    response.on('close', () => cgi.kill());
  };
}

/** RFC 3875, as far as http-backend reads it. */
function environment(request: IncomingMessage, dir: string): Record<string, string> {
  const url = new URL(request.url ?? '/', 'http://origin');
  const { headers } = request;
  const env: Record<string, string> = {
    GIT_PROJECT_ROOT: dir,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    HOME: dir,
    REQUEST_METHOD: request.method ?? '',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: headers['content-type'] ?? '',
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
  };
  // Absent for a chunked body, which http-backend then reads to its end.
  if (headers['content-length'] !== undefined) env.CONTENT_LENGTH = headers['content-length'];
  if (headers['content-encoding'] !== undefined) {
    env.HTTP_CONTENT_ENCODING = headers['content-encoding'];
  }
  const protocol = headers['git-protocol'];
  if (typeof protocol === 'string') env.GIT_PROTOCOL = protocol;
  return clientEnv(env);
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const { status = '200', ...rest } = headers;
  return { status: Number.parseInt(status, 10), headers: rest };
}
