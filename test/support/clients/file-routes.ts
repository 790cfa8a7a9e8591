// An origin that serves a folder, with ranges: what package indexes, archives and pages are made of.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Handler } from '../origin-routes.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** GET and HEAD of the files in `dir`; a folder is its index.html. */
export function fileRoutes(dir: string): Handler {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://origin');
    let file = join(dir, normalize(decodeURIComponent(pathname)));
    if (pathname.endsWith('/')) file = join(file, 'index.html');
    const found = await stat(file).catch(() => null);
    if (found === null || !found.isFile()) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('no such file\n');
      return;
    }
    // Only `bytes=N-`, which is all that the clients of these tests send.
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const ranged = start > 0 && start < found.size;
    response.writeHead(ranged ? 206 : 200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': String(found.size - (ranged ? start : 0)),
      'accept-ranges': 'bytes',
      ...(ranged && { 'content-range': `bytes ${start}-${found.size - 1}/${found.size}` }),
    });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(file, { start: ranged ? start : 0 }), response);
  };
}
