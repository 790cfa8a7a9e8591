// Starts the origin of streams, with a certificate that a proxy can be told to trust.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestCa } from '../../test/support/test-ca.ts';
import { ORIGIN_HOST, type Origin } from '../origin.ts';
import { startChild } from './run-generator.ts';
import { openTunnel } from './tunnel.ts';

/** With its certificate, which a reverse proxy before it can have too. */
export type StreamOrigin = Origin & { readonly keyFile: string; readonly certFile: string };

/** `dir` is a folder of its own; repositories are served from `git` in it. It speaks HTTPS only; `httpPort` is the same port. */
export async function startStreamOrigin(dir: string): Promise<StreamOrigin> {
  const ca = await makeTestCa(dir);
  const { key, cert } = await ca.issue([ORIGIN_HOST]);
  const keyFile = join(dir, 'key.pem');
  const certFile = join(dir, 'cert.pem');
  await Promise.all([writeFile(keyFile, key), writeFile(certFile, cert)]);
  const program = startChild('./stream-origin.ts', { keyFile, certFile, gitDir: dir });
  const { port }: { readonly port: number } = JSON.parse(await program.firstLine());
  return {
    name: `node ${process.version}`,
    httpPort: port,
    httpsPort: port,
    caFile: ca.caFile,
    keyFile,
    certFile,
    body: '',
    async requests() {
      const { requests } = await askOrigin(port, '/count');
      return requests ?? 0;
    },
    stop: () => program.stop(),
  };
}

/** Asks the origin itself for numbers: `/count`, or `/end`, which ends all streams. */
export async function askOrigin(
  port: number,
  path: '/count' | '/end',
): Promise<Record<string, number>> {
  const target = { port, isReverse: true, originPort: port, host: ORIGIN_HOST };
  const tunnel = await openTunnel({ target });
  if ('problem' in tunnel) throw new Error(tunnel.problem);
  const pieces: Buffer[] = [];
  const request = `GET ${path} HTTP/1.1\r\nHost: ${ORIGIN_HOST}:${port}\r\n\r\n`;
  const answer = await new Promise<object>((resolve) =>
    tunnel.ask(request, resolve, (piece) => pieces.push(Buffer.from(piece))),
  );
  tunnel.close();
  if ('problem' in answer) throw new Error(String(answer.problem));
  return JSON.parse(Buffer.concat(pieces).toString());
}
