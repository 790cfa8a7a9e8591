// All damage that each verifier must name.

import { FILE_DAMAGES } from './damage-files.ts';
import { RECORD_DAMAGES } from './damage-records.ts';
import { SEGMENT_DAMAGES } from './damage-segments.ts';
import { SIGNATURE_DAMAGES } from './damage-signatures.ts';
import type { DamageCase } from './log-damage.ts';

export const DAMAGES: readonly DamageCase[] = [
  ...RECORD_DAMAGES,
  ...SEGMENT_DAMAGES,
  ...SIGNATURE_DAMAGES,
  ...FILE_DAMAGES,
];
