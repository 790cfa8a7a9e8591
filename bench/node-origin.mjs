// The origin where nginx is not installed: HTTP and HTTPS on free ports, the files of a folder, and a
// count of the requests it answered. Prints its ports as one line of JSON.
//
// node-origin.mjs FOLDER ROUTES    ROUTES: JSON, path → name of a file; key.pem and cert.pem are there, too

import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';

const [folder, routes] = process.argv.slice(2);
/** What is larger is read from the disk each time. */
const MAX_CACHED_BYTES = 1024 * 1024;
const files = new Map(Object.entries(JSON.parse(routes)).map(([path, name]) => [path, load(name)]));
let requests = 0;

function load(name) {
  const path = join(folder, name);
  const { size } = statSync(path);
  return { path, size, content: size <= MAX_CACHED_BYTES ? readFileSync(path) : null };
}

function answer(request, response) {
  // In the words of nginx's stub_status, whose third line ends with the number of requests.
  if (request.url === '/count') return response.end(`\n\n 0 0 ${requests}\n`);
  requests += 1;
  let received = 0;
  request.on('data', (chunk) => {
    received += chunk.length;
  });
  request.on('end', () => {
    if (request.method === 'POST') send(response, Buffer.from(`{"received":${received}}`));
    else sendFile(response, files.get(request.url));
  });
}

function sendFile(response, file) {
  if (file === undefined) return response.writeHead(404).end();
  if (file.content !== null) return send(response, file.content);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': file.size };
  response.writeHead(200, headers);
  createReadStream(file.path, { highWaterMark: 256 * 1024 }).pipe(response);
}

function send(response, body) {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  response.writeHead(200, headers).end(body);
}

const tls = {
  key: readFileSync(join(folder, 'key.pem')),
  cert: readFileSync(join(folder, 'cert.pem')),
};
const servers = [createServer(answer), createTlsServer(tls, answer)];
await Promise.all(
  servers.map((server) => new Promise((done) => server.listen(0, '127.0.0.1', done))),
);
const [http, https] = servers.map((server) => server.address().port);
process.stdout.write(`${JSON.stringify({ http, https })}\n`);
process.on('SIGTERM', () => process.exit(0));
