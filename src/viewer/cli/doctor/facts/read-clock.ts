// Whether the clock follows a better one, as the programs say that see to it.

import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** They answer at once, or something is wrong with them. */
const TIMEOUT_MS = 3000;

/** Null: nobody says. */
export async function readSynchronised(): Promise<boolean | null> {
  const systemd = await say('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (systemd === 'yes' || systemd === 'no') return systemd === 'yes';
  const chrony = await say('chronyc', ['-c', 'tracking']);
  if (chrony !== null) return !chrony.includes('Not synchronised');
  return access('/run/systemd/timesync/synchronized').then(
    () => true,
    () => null,
  );
}

async function say(program: string, args: readonly string[]): Promise<string | null> {
  return run(program, [...args], {
    timeout: TIMEOUT_MS,
    env: { ...process.env, LC_ALL: 'C' },
  }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
}
