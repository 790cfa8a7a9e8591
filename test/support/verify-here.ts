// The verifier of leash in this process, without threads: what a unit test can run from the sources.

import { readExported } from '../../src/viewer/verify/exported.ts';
import {
  type Verification,
  type VerifyOptions,
  verifyLog,
} from '../../src/viewer/verify/verify-log.ts';
import { verifySegment } from '../../src/viewer/verify/verify-segment.ts';
import type { Given } from './log-damage.ts';
import { textOf } from './signed-log.ts';

export const NOTHING_KEPT = readExported([]);

export function verifyHere(
  dir: string,
  { key, kept }: Given = {},
  options: Partial<VerifyOptions> = {},
): Promise<Verification> {
  return verifyLog({
    dir,
    logName: 'egress.jsonl',
    keys: key === undefined ? [] : [key],
    mustBeSigned: key !== undefined,
    exported: kept === undefined ? [] : [{ name: 'kept.checkpoints', bytes: textOf(kept) }],
    graceMs: 0,
    run: verifySegment,
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
    onTotal: () => {},
    ...options,
  });
}
