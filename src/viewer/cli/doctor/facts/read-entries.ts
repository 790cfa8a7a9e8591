// Files and folders whose owner and mode matter: keys, the record, the policy. Looks, and opens nothing.

import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { POLICY_FILES } from '../../../../shared/policy-source.ts';
import { checkpointFileName, segmentName, sortSegments } from '../../../../shared/segments.ts';
import { hasCode } from '../../table/verb.ts';
import type { AccessFacts, Entry } from '../access-checks.ts';

type Places = { readonly stateDir: string; readonly logPath: string; readonly policyDir: string };

/** Of the segments the newest plain and the newest compressed ones are looked at. */
const MAX_SEGMENTS = 50;

/** What is missing is no entry; what may not be looked at is hidden. */
export async function readEntries(
  places: Places,
): Promise<Pick<AccessFacts, 'entries' | 'hidden'>> {
  const { stateDir, logPath, policyDir } = places;
  const hidden: string[] = [];
  const secretDir = join(stateDir, 'private');
  const logDir = dirname(logPath);
  const logName = basename(logPath);

  async function namesIn(folder: string): Promise<string[]> {
    return readdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) hidden.push(folder);
      return [];
    });
  }

  async function look(kind: Entry['kind'], path: string): Promise<Entry[]> {
    try {
      const { mode, uid, gid } = await lstat(path);
      return [{ path, kind, mode, uid, gid }];
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) hidden.push(path);
      return [];
    }
  }

  const segments = sortSegments(logName, await namesIn(logDir))
    .slice(-MAX_SEGMENTS)
    .flatMap((number) => [segmentName(logName, number), `${segmentName(logName, number)}.gz`]);
  const wanted: [Entry['kind'], string][] = [
    ['secret', secretDir],
    ...(await namesIn(secretDir)).map((name): [Entry['kind'], string] => [
      'secret',
      join(secretDir, name),
    ]),
    ['log', logDir],
    ...[checkpointFileName(logName), ...segments].map((name): [Entry['kind'], string] => [
      'log',
      join(logDir, name),
    ]),
    ['policy', policyDir],
    ...POLICY_FILES.map((name): [Entry['kind'], string] => ['policy', join(policyDir, name)]),
  ];
  const found = await Promise.all(wanted.map(([kind, path]) => look(kind, path)));
  return { entries: found.flat(), hidden: [...new Set(hidden)] };
}
