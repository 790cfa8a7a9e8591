// The verbs of `leashctl`, in the order in which help shows them. The one table: what is not here does
// not exist. Each row is in a file of its own.

import type { Verb } from './table/verb.ts';
import { CA_ENV_VERB, CA_INSTALL_VERB, CA_ROTATE_VERB, CA_SHOW_VERB } from './verbs/ca-verbs.ts';
import { COMPLETION_VERB } from './verbs/completion-verb.ts';
import { CONFIG_SHOW_VERB } from './verbs/config-verb.ts';
import { FINGERPRINT_VERB } from './verbs/fingerprint-verb.ts';
import { HELP_VERB } from './verbs/help-verb.ts';
import { MODE_VERB } from './verbs/mode-verb.ts';
import { STATUS_VERB } from './verbs/status-verb.ts';
import { TOKEN_VERB } from './verbs/token-verb.ts';
import { VERIFY_VERB } from './verbs/verify-verb.ts';

export const VERBS: readonly Verb[] = [
  STATUS_VERB,
  MODE_VERB,
  TOKEN_VERB,
  VERIFY_VERB,
  FINGERPRINT_VERB,
  CA_SHOW_VERB,
  CA_ENV_VERB,
  CA_INSTALL_VERB,
  CA_ROTATE_VERB,
  CONFIG_SHOW_VERB,
  COMPLETION_VERB,
  HELP_VERB,
];
