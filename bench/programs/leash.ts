// leash as it comes (mode enforce, a record accepted before its request leaves, bodies of text
// recorded): the built program in a folder of its own.

import { availableParallelism } from 'node:os';
import { type PolicyFiles, startLeash } from '../../test/support/start-leash.ts';
import { ORIGIN_HOST, type Origin } from '../origin.ts';
import { checkLeashLog } from './leash-log.ts';
import type { MeasuredProgram, Program, StartOptions } from './program.ts';

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
    workers: availableParallelism(),
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
    viewerUrl: started.viewerUrl,
    async stop() {
      const code = await started.stop();
      if (code !== 0) throw new Error(`leash ended with ${code}: ${started.stderr()}`);
    },
    check: (totals) => checkLeashLog(started.logPath, totals),
  };
}

/**
 * Settings of the caller go through, so that a benchmark can compare them: with a large LEASH_ROTATE_MB
 * no segment is finished, and so none is compressed, while it measures.
 */
export function callerSettings(): Record<string, string> {
  const names = [
    ...['LEASH_AUDIT', 'LEASH_CAPTURE', 'LEASH_ROTATE_MB', 'LEASH_WORKERS'],
    'BODY_LIMIT_KB',
  ];
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
