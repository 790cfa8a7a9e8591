// The store of certificates that Chromium reads on Linux, in the home folder of its user.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { needPrograms } from './need-programs.ts';
import type { Stage } from './start-stage.ts';

/** What a user does with `certutil` who wants the browser to trust leash's CA. */
export async function trustInBrowser(stage: Stage): Promise<void> {
  needPrograms({ certutil: 'libnss3-tools' });
  const store = join(stage.home, '.pki', 'nssdb');
  await mkdir(store, { recursive: true });
  const db = ['-d', `sql:${store}`];
  const ca = ['-n', 'leash', '-t', 'C,,', '-i', stage.leash.caFile];
  await stage.client('certutil', [...db, '-N', '--empty-password']);
  await stage.client('certutil', [...db, '-A', ...ca]);
}
