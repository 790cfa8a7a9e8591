#!/usr/bin/env node
// Whether leash is up, as an exit code, for those who start it: systemd waits for `--started SECONDS
// [PID]`, a container's health check asks without arguments, `--viewer` asks a viewer on its own.
// Not for people: `leashctl status` is.

import { setTimeout as pause } from 'node:timers/promises';
import { type Config, parseConfig } from '../../shared/config.ts';
import { readStatus } from '../status.ts';

const LOOK_MS = 100;
const ANSWER_MS = 5_000;

const [option, seconds = '', pid = ''] = process.argv.slice(2);
const config = parseConfig(process.env, { workers: 1 });
const problem = 'problem' in config ? config.problem : await ask(config);
if (problem !== '') {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}

/** Why not; '' = it is. */
async function ask(settings: Config): Promise<string> {
  if (option === undefined) return (await readStatus(settings.stateDir)).problems.join('; ');
  if (option === '--viewer') return askViewer(settings);
  if (option === '--started' && /^\d{1,4}$/.test(seconds)) return waitForStart(settings);
  return 'usage: ready.js [--viewer | --started SECONDS [PID]]';
}

/** Listening is all that a start is for: a policy with a mistake is mended while leash runs. */
async function waitForStart({ stateDir }: Config): Promise<string> {
  const giveUpMs = performance.now() + Number(seconds) * 1000;
  for (;;) {
    const { status, alive } = await readStatus(stateDir).catch(() => ({
      status: null,
      alive: false,
    }));
    // The file may be that of an earlier start, and its number another process by now.
    const isOurs = pid === '' || status?.pid === Number(pid);
    if (alive && isOurs && status?.state === 'running') return '';
    if (pid !== '' && !isThere(Number(pid))) return 'leash has ended';
    if (performance.now() >= giveUpMs) return `leash is not up after ${seconds} seconds`;
    await pause(LOOK_MS);
  }
}

function isThere(number: number): boolean {
  try {
    return process.kill(number, 0);
  } catch (error) {
    // Another user's is there, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function askViewer({ viewerBind, viewerPort }: Config): Promise<string> {
  const isAny = viewerBind === '::' || viewerBind === '0.0.0.0';
  const address = isAny ? '127.0.0.1' : viewerBind;
  const host = address.includes(':') ? `[${address}]` : address;
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await fetch(`http://${host}:${viewerPort}/healthz`, { signal });
    return answer.ok ? '' : `the viewer answers ${answer.status}`;
  } catch (error) {
    return `the viewer does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
