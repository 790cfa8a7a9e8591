// The floor of the runtime: bytes from TLS to TLS by Node. It parses and writes down nothing.

import { fileURLToPath } from 'node:url';
import { ORIGIN_HOST } from '../origin.ts';
import { startProgram } from '../processes.ts';
import type { MeasuredProgram, Program, StartOptions } from './program.ts';

export const tlsPipe: Program = {
  name: 'tls-pipe',
  describe: () => `node ${process.version}, parses nothing`,
  start: startTlsPipe,
};

const PIPE = fileURLToPath(new URL('../tls-pipe.mjs', import.meta.url));

async function startTlsPipe({ origin }: StartOptions): Promise<MeasuredProgram> {
  const { keyFile, certFile, caFile, httpsPort } = origin;
  const args = [PIPE, keyFile, certFile, caFile, String(httpsPort), ORIGIN_HOST];
  const program = startProgram(process.execPath, args);
  return {
    pid: program.pid,
    port: Number(await program.firstLine()),
    isReverse: true,
    stop: () => program.stop(),
    // It knows of no requests.
    check: async () => {},
  };
}
