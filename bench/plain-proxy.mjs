// The floor of node:http: CONNECT, TLS with the origin's own certificate, node:http on both sides, and a line
// with heads and bodies for each request. It decides nothing and has no limits: it is there to be measured.
// With `own` a worker writes its lines itself and waits for none of them. With `accepted` there is a line for
// the head, too, the primary writes both, and no request goes on before its first one is written: the floor of
// a record that the workers cannot change. Prints its port; ends with 1 where a worker failed.
//
// plain-proxy.mjs WORKERS RECORD KEY CERT CA DIR    how many, own or accepted, the origin's files, where lines go

import cluster from 'node:cluster';
import { createWriteStream, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

/** Bytes of a body that a line has: as many as leash copies where nothing is set. */
const BODY_BYTES = 1024 * 1024;
/** Where a worker has its pipe to the primary. */
const PIPE_FD = 4;
const NEWLINE = 10;
const [workers, record, keyFile, certFile, caFile, dir] = process.argv.slice(2);

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
  cluster.setupPrimary({ stdio: ['inherit', 'inherit', 'inherit', 'ipc', 'pipe'] });
  const log = record === 'accepted' ? openSync(join(dir, 'primary.jsonl'), 'a') : -1;
  for (let n = 0; n < count; n += 1) {
    const { process: child } = cluster.fork();
    takeLines(child.stdio[PIPE_FD], log);
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

/** Writes a worker's lines as they come, and says so with a byte for each. */
function takeLines(pipe, log) {
  let rest = Buffer.alloc(0);
  pipe.on('error', () => {});
  pipe.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    rest = bytes.subarray(end);
    if (end === 0) return;
    writeSync(log, bytes, 0, end);
    let lines = 0;
    for (let at = -1; at < end - 1; lines += 1) at = bytes.indexOf(NEWLINE, at + 1);
    pipe.write(Buffer.alloc(lines));
  });
}

function stopWorkers() {
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
}

function serve() {
  const log = record === 'accepted' ? linesToPrimary() : ownLines();
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  const secureContext = createSecureContext({
    key: readFileSync(keyFile),
    cert: readFileSync(certFile),
  });
  const inner = createServer((req, res) => {
    const { url, rawHeaders } = req;
    if (record === 'own') forward(req, res, agent, log);
    else log.write({ url, rawHeaders }, () => forward(req, res, agent, log));
  });
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

function ownLines() {
  const file = createWriteStream(join(dir, `${process.pid}.jsonl`));
  return {
    write: (line) => file.write(`${JSON.stringify(line)}\n`),
    end: (onEnd) => file.end(onEnd),
  };
}

/** All lines of one turn are one write. */
function linesToPrimary() {
  const pipe = new Socket({ fd: PIPE_FD });
  const waiting = [];
  let lines = [];
  const send = () => {
    if (lines.length > 0) pipe.write(lines.join(''));
    lines = [];
  };
  pipe.on('data', ({ length }) => {
    for (const onWritten of waiting.splice(0, length)) onWritten();
  });
  return {
    write(line, onWritten = () => {}) {
      waiting.push(onWritten);
      if (lines.push(`${JSON.stringify(line)}\n`) === 1) setImmediate(send);
    },
    end(onEnd) {
      send();
      pipe.end(onEnd);
    },
  };
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
