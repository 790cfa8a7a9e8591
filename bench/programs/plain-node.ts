// The floor of node:http: what a proxy costs that does nothing but forward by it, and write what it forwards.

import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../processes.ts';
import type { MeasuredProgram, Program, StartOptions, Totals } from './program.ts';

/** `own`: a worker writes its lines itself. `accepted`: the primary does, and each request waits for its first. */
export type PlainRecord = 'own' | 'accepted';

const RECORDS = {
  own: 'a line with heads and bodies',
  accepted: 'two lines, which the primary writes; a request waits for its first',
};

/** In so many processes, beside the one that starts them. */
export function plainNode(name: string, workers: number, record: PlainRecord = 'own'): Program {
  const processes = workers === 1 ? '1 worker' : `${workers} workers`;
  return {
    name,
    describe: () => `${process.version}, node:http alone, ${processes}, ${RECORDS[record]}`,
    onlyNamed: true,
    start: (options) => startPlainNode(options, workers, record),
  };
}

const PROXY = fileURLToPath(new URL('../plain-proxy.mjs', import.meta.url));

async function startPlainNode(
  { origin, dir }: StartOptions,
  workers: number,
  record: PlainRecord,
): Promise<MeasuredProgram> {
  const { keyFile, certFile, caFile } = origin;
  const lines = join(dir, 'lines');
  await mkdir(lines);
  const files = [keyFile, certFile, caFile, lines];
  const program = startProgram(process.execPath, [PROXY, String(workers), record, ...files]);
  return {
    pid: program.pid,
    port: Number(await program.firstLine()),
    isReverse: false,
    stop: () => program.stop(),
    async check(totals) {
      const { asked, ...sum } = await sumUp(lines);
      const shouldBe = JSON.stringify(totals);
      if (JSON.stringify(sum) !== shouldBe) {
        throw new Error(`${JSON.stringify(sum)} in its lines of ${shouldBe}`);
      }
      const shouldAsk = record === 'accepted' ? totals.requests : 0;
      if (asked !== shouldAsk) throw new Error(`${asked} first lines of ${shouldAsk}`);
    },
  };
}

/** What its lines say that was answered with 200; `asked`: first lines of requests that waited for them. */
async function sumUp(dir: string): Promise<Totals & { readonly asked: number }> {
  const sum = { requests: 0, requestBytes: 0, answerBytes: 0, asked: 0 };
  for (const file of await readdir(dir)) {
    for await (const line of createInterface({ input: createReadStream(join(dir, file)) })) {
      const { status, req_bytes, bytes, ask } = JSON.parse(line);
      if (ask?.url !== undefined) sum.asked += 1;
      if (status !== 200) continue;
      sum.requests += 1;
      sum.requestBytes += req_bytes;
      sum.answerBytes += bytes;
    }
  }
  return sum;
}
