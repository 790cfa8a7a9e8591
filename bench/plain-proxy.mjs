// The floor of node:http: CONNECT, TLS with the origin's own certificate, node:http on both sides, and a line
// with heads and bodies for each request. It decides nothing, waits for no record and has no limits: it is
// there to be measured. Prints its port; ends with 1 where a worker failed.
//
// plain-proxy.mjs WORKERS KEY CERT CA DIR    how many, the origin's files, and where its lines go

import cluster from 'node:cluster';
import { createWriteStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

/** Bytes of a body that a line has: as many as leash copies where nothing is set. */
const BODY_BYTES = 1024 * 1024;
const [workers, keyFile, certFile, caFile, dir] = process.argv.slice(2);

if (cluster.isPrimary) startWorkers(Number(workers));
else serve();

function startWorkers(count) {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  let listening = 0;
  let code = 0;
  cluster.on('listening', (_worker, { port }) => {
    listening += 1;
    if (listening === count) process.stdout.write(`${port}\n`);
  });
  // Also one that ends by itself ends them all: what it had to write is missing then, and that is seen.
  cluster.on('exit', (_worker, workerCode) => {
    if (workerCode !== 0) code = 1;
    stopWorkers();
    if (Object.keys(cluster.workers).length === 0) process.exit(code);
  });
  process.on('SIGTERM', stopWorkers);
  for (let n = 0; n < count; n += 1) cluster.fork();
}

function stopWorkers() {
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
}

function serve() {
  const log = createWriteStream(join(dir, `${process.pid}.jsonl`));
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  const secureContext = createSecureContext({
    key: readFileSync(keyFile),
    cert: readFileSync(certFile),
  });
  const inner = createServer((req, res) => forward(req, res, agent, log));
  const outer = createServer();
  outer.on('connect', ({ url }, socket) => {
    socket.setNoDelay(true);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const tls = new TLSSocket(socket, { isServer: true, secureContext });
    tls.on('error', () => {});
    const colon = url.lastIndexOf(':');
    tls.target = { servername: url.slice(0, colon), port: url.slice(colon + 1) };
    inner.emit('connection', tls);
  });
  outer.listen(0, '127.0.0.1');
  process.on('SIGTERM', () => log.end(() => process.exit(0)));
}

function forward(req, res, agent, log) {
  const { method, url, headers, rawHeaders, socket } = req;
  const options = { host: '127.0.0.1', ...socket.target, method, path: url, headers, agent };
  const upstream = request(options, (answer) => {
    res.writeHead(answer.statusCode, answer.rawHeaders);
    const res_body = pass(answer, res, () => {
      const heads = { url, status: answer.statusCode, rawHeaders, res_headers: answer.rawHeaders };
      const bytes = { req_bytes: req_body.bytes, bytes: res_body.bytes };
      const bodies = { req_body: req_body.text(), res_body: res_body.text() };
      log.write(`${JSON.stringify({ ...heads, ...bytes, ...bodies })}\n`);
    });
  });
  upstream.on('error', () => res.destroy());
  const req_body = pass(req, upstream, () => {});
}

/** Sends a body on, chunk by chunk, and keeps what a line may have of it. */
function pass(from, to, onEnd) {
  const kept = [];
  const body = { bytes: 0, text: () => Buffer.concat(kept).toString() };
  from.on('data', (chunk) => {
    if (body.bytes < BODY_BYTES) kept.push(chunk.subarray(0, BODY_BYTES - body.bytes));
    body.bytes += chunk.length;
    if (to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.on('end', () => {
    to.end();
    onEnd();
  });
  return body;
}
