// The floor of node:http: CONNECT, TLS with the origin's own certificate, node:http on both sides, and a line
// with heads and bodies for each request. It decides nothing and has no limits: it is there to be measured.
// With `own` a worker writes its lines itself. With `accepted` the primary does, there are lines for a tunnel, too,
// when it opens and when it closes, and neither a tunnel nor a request goes on before a first line of its own is
// written: the floor of a record that the workers do not write. Prints its port; ends with 1 where a worker failed.
//
// plain-proxy.mjs WORKERS own|accepted KEY CERT CA DIR    how many, the origin's files, and where lines go

import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { linesToPrimary, ownLines, PIPE_FD, writeLines } from './plain-record.mjs';

/** Bytes of a body that a line has: as many as leash copies where nothing is set. */
const BODY_BYTES = 1024 * 1024;
const [workers, record, keyFile, certFile, caFile, dir] = process.argv.slice(2);
const isAccepted = record === 'accepted';

if (cluster.isPrimary) startWorkers(Number(workers));
else serve();

function startWorkers(count) {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  let listening = 0;
  let closed = 0;
  let code = 0;
  cluster.on('listening', (_worker, { port }) => {
    listening += 1;
    if (listening === count) process.stdout.write(`${port}\n`);
  });
  process.on('SIGTERM', stopWorkers);
  const fail = (error) => {
    process.stderr.write(`plain-proxy: ${error.message}\n`);
    code = 1;
  };
  const take = isAccepted ? writeLines(join(dir, 'primary.jsonl'), fail) : () => {};
  const pipes = isAccepted ? ['pipe'] : [];
  cluster.setupPrimary({ stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...pipes] });
  for (let n = 0; n < count; n += 1) {
    const { process: child } = cluster.fork();
    take(child.stdio[PIPE_FD]);
    // Also one that ends by itself ends them all: what it had to write is missing then, and that is seen.
    child.on('exit', stopWorkers);
    // All that it had written was read.
    child.on('close', (childCode) => {
      closed += 1;
      if (childCode !== 0) code = 1;
      if (closed === count) process.exit(code);
    });
  }
}

function stopWorkers() {
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
}

function serve() {
  const log = isAccepted ? linesToPrimary() : ownLines(join(dir, `${process.pid}.jsonl`));
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  const secureContext = createSecureContext({
    key: readFileSync(keyFile),
    cert: readFileSync(certFile),
  });
  const inner = createServer((req, res) => {
    const { url, rawHeaders } = req;
    if (isAccepted) log.ask({ url, rawHeaders }, () => forward(req, res, agent, log));
    else forward(req, res, agent, log);
  });
  const open = (url, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const tls = new TLSSocket(socket, { isServer: true, secureContext });
    tls.on('error', () => {});
    const colon = url.lastIndexOf(':');
    tls.target = { servername: url.slice(0, colon), port: url.slice(colon + 1) };
    inner.emit('connection', tls);
  };
  const outer = createServer();
  outer.on('connect', ({ url }, socket) => {
    socket.setNoDelay(true);
    if (!isAccepted) {
      open(url, socket);
      return;
    }
    socket.on('error', () => {});
    socket.once('close', () => log.write({ closed: url }));
    log.ask({ tunnel: url }, () => open(url, socket));
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
      log.write({ ...heads, ...bytes, ...bodies });
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
