// autocannon knows no CONNECT, but it speaks TLS over a unix socket. This process listens on one;
// behind each connection it opens a tunnel through a proxy, or connects to what speaks TLS itself, and
// forwards bytes. It is a process of its own so that it takes no time from autocannon's.
//
// connect-shim.mjs SOCKET PORT [AUTHORITY]    AUTHORITY: what CONNECT asks for; absent: no CONNECT

import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const [socketPath, port, authority] = process.argv.slice(2);

const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
  const upstream = connect({
    host: '127.0.0.1',
    port: Number(port),
    noDelay: true,
  });
  const close = () => {
    client.destroy();
    upstream.destroy();
  };
  for (const socket of [client, upstream]) {
    socket.on('error', close);
    socket.on('close', close);
  }
  const relay = () => {
    upstream.pipe(client);
    client.pipe(upstream);
  };
  upstream.once('connect', () => {
    if (authority === undefined) return relay();
    upstream.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    let head = '';
    upstream.on('data', function onData(chunk) {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      upstream.off('data', onData);
      upstream.pause();
      if (/^HTTP\/1\.[01] 200 /.test(head)) return relay();
      process.stderr.write(`CONNECT was refused: ${head.split('\r\n')[0]}\n`);
      close();
    });
  });
});

// One that was killed has left it.
rmSync(socketPath, { force: true });
server.listen(socketPath, () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => process.exit(0));
