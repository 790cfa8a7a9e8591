// The origin where nginx is not installed: HTTP and HTTPS on free ports, one body, and a count of
// the requests it answered. Prints its ports as one line of JSON.
//
// node-origin.mjs KEY CERT BODY

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

const [keyFile, certFile, bodyFile] = process.argv.slice(2);
const body = readFileSync(bodyFile);
const headers = { 'content-type': 'text/plain', 'content-length': String(body.length) };
let requests = 0;

function answer(request, response) {
  // In the words of nginx's stub_status, whose third line ends with the number of requests.
  if (request.url === '/count') return response.end(`\n\n 0 0 ${requests}\n`);
  requests += 1;
  response.writeHead(200, headers).end(body);
}

const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const servers = [createServer(answer), createTlsServer(tls, answer)];
await Promise.all(
  servers.map((server) => new Promise((done) => server.listen(0, '127.0.0.1', done))),
);
const [http, https] = servers.map((server) => server.address().port);
process.stdout.write(`${JSON.stringify({ http, https })}\n`);
process.on('SIGTERM', () => process.exit(0));
