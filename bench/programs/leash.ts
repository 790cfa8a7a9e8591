// leash as it comes (mode enforce, a record accepted before its request leaves, bodies of text
// recorded): the built program in a folder of its own; and the count of what it recorded.

import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { type LogRecord, segmentFiles } from '../../test/support/leash-records.ts';
import { type PolicyFiles, startLeash } from '../../test/support/start-leash.ts';
import { ORIGIN_HOST, type Origin } from '../origin.ts';
import type { MeasuredProgram, Program, StartOptions, Totals } from './program.ts';

type Settings = Readonly<Record<string, string>>;

/** leash with some settings of its own. */
export function leash(name: string, what: string, settings: Settings): Program {
  return { name, describe: () => what, start: (options) => startLeashProgram(options, settings) };
}

/** Starts it: the measured program itself, never null. */
export async function startLeashProgram(
  { origin, dir }: StartOptions,
  settings: Settings,
): Promise<MeasuredProgram> {
  const started = await startLeash({
    dir,
    policy: policyFor(origin),
    workers: Number(process.env.LEASH_WORKERS) || availableParallelism(),
    // As long as nginx keeps them: opening thousands takes a while.
    env: {
      LEASH_IDLE_S: '600',
      ...callerSettings(),
      ...settings,
      LEASH_UPSTREAM_CA: origin.caFile,
    },
  });
  return {
    pid: started.pid,
    port: started.proxyPort,
    isReverse: false,
    async stop() {
      const code = await started.stop();
      if (code !== 0) throw new Error(`leash ended with ${code}: ${started.stderr()}`);
    },
    check: (totals) => checkRecords(started.logPath, totals),
  };
}

/**
 * Settings of the caller go through, so that a benchmark can compare them: with a large LEASH_ROTATE_MB
 * no segment is finished, and so none is compressed, while it measures.
 */
export function callerSettings(): Record<string, string> {
  const names = ['LEASH_AUDIT', 'LEASH_CAPTURE', 'LEASH_ROTATE_MB', 'BODY_LIMIT_KB'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function policyFor({ httpPort, httpsPort }: Origin): PolicyFiles {
  const ports = [httpPort, httpsPort];
  return {
    mode: 'enforce\n',
    'enforce.yaml': { allow: [{ host: ORIGIN_HOST, ports }] },
    'network.yaml': { allow_private: ['127.0.0.1/32', '::1/128'] },
  };
}

/** Each request has one intent and one end, with status 200 and whole bodies; nothing else is there. */
async function checkRecords(logPath: string, totals: Totals): Promise<void> {
  let intents = 0;
  const answered = { requests: 0, requestBytes: 0, answerBytes: 0 };
  let strange: LogRecord | null = null;
  for (const file of await segmentFiles(logPath)) {
    const bytes = createReadStream(file);
    const input = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
    for await (const line of createInterface({ input })) {
      const record: LogRecord = JSON.parse(line);
      if (record.event === 'intent') intents += 1;
      else if (record.event === 'allowed' && isWhole(record)) {
        answered.requests += 1;
        answered.requestBytes += record.req_bytes ?? 0;
        answered.answerBytes += record.bytes ?? 0;
      } else if (['allowed', 'blocked', 'error'].includes(record.event)) strange ??= record;
    }
  }
  const [is, shouldBe] = [JSON.stringify(answered), JSON.stringify(totals)];
  if (intents === totals.requests && is === shouldBe && strange === null) return;
  const example = strange === null ? '' : `; ${JSON.stringify(strange).slice(0, 500)}`;
  throw new Error(`${intents} intents and ${is} in the record of ${shouldBe}${example}`);
}

/** What the settings leave out of the copy (bytes that are no text) is counted all the same. */
function isWhole({ status, res_truncated }: LogRecord): boolean {
  return status === 200 && [undefined, 'content_type', 'off'].includes(res_truncated);
}
