// mitmdump with an addon that writes a line for each request, as the original leash did.

import { createReadStream } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../test/support/free-port.ts';
import { findProgram, startProgram, waitForPort } from '../processes.ts';
import { describeProgram } from './describe.ts';
import type { MeasuredProgram, Program, StartOptions, Totals } from './program.ts';

export const mitmdump: Program = {
  name: 'mitmdump',
  describe: () =>
    describeProgram('mitmdump', ['--version'], /Mitmproxy: (\S+)/, 'writes headers and bodies'),
  start: startMitmdump,
};

const ADDON = fileURLToPath(new URL('../mitm-audit.py', import.meta.url));

async function startMitmdump({ origin, dir }: StartOptions): Promise<MeasuredProgram> {
  const [port = 0] = await freePorts(1);
  const caDir = join(dir, 'ca');
  const log = join(dir, 'egress.jsonl');
  const trusted = join(dir, 'trusted.pem');
  await Promise.all([mkdir(caDir), copyFile(origin.caFile, trusted)]);
  const program = startProgram(findProgram('mitmdump') ?? '', [
    ...['--quiet', '--listen-host', '127.0.0.1', '--listen-port', String(port)],
    ...['--set', `confdir=${caDir}`, '--set', `ssl_verify_upstream_trusted_ca=${trusted}`],
    ...['--scripts', ADDON, '--set', `audit_log=${log}`],
  ]);
  await waitForPort(program, port);
  return {
    pid: program.pid,
    port,
    isReverse: false,
    stop: () => program.stop(),
    check: (totals) => checkLines(log, totals),
  };
}

type Line = { status: number; request: { bytes: number }; response: { bytes: number } };

/** Each request has a line with status 200, and the bodies on all lines are as long as those sent. */
async function checkLines(log: string, totals: Totals): Promise<void> {
  const found = { requests: 0, requestBytes: 0, answerBytes: 0 };
  for await (const text of createInterface({ input: createReadStream(log) })) {
    const { status, request, response }: Line = JSON.parse(text);
    if (status !== 200) throw new Error(`its log has an answer ${status}`);
    found.requests += 1;
    found.requestBytes += request.bytes;
    found.answerBytes += response.bytes;
  }
  const [is, shouldBe] = [JSON.stringify(found), JSON.stringify(totals)];
  if (is !== shouldBe) throw new Error(`its log has ${is} of ${shouldBe}`);
}
