// TLS in, TLS out, bytes between them and nothing else: what Node itself costs where a proxy opens TLS.
// Prints its port.
//
// tls-pipe.mjs KEY CERT CA PORT NAME    the origin's files, its port and its name

import { readFileSync } from 'node:fs';
import { connect, createSecureContext, createServer } from 'node:tls';

const [keyFile, certFile, caFile, port, servername] = process.argv.slice(2);
const secureContext = createSecureContext({ ca: readFileSync(caFile) });
const own = { key: readFileSync(keyFile), cert: readFileSync(certFile), noDelay: true };

const server = createServer(own, (client) => {
  const upstream = connect({ host: '127.0.0.1', port: Number(port), servername, secureContext });
  upstream.setNoDelay(true);
  const close = () => {
    client.destroy();
    upstream.destroy();
  };
  for (const socket of [client, upstream]) {
    socket.on('error', close);
    socket.on('close', close);
  }
  upstream.pipe(client);
  client.pipe(upstream);
});

server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));
