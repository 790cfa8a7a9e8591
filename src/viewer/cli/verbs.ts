// The verbs of `leashctl`, in the order in which help shows them. The one table: what is not here does
// not exist. Each row is in a file of its own.

import type { Verb } from './table/verb.ts';
import { ALLOW_VERB } from './verbs/allow-verb.ts';
import { BLOCK_VERB } from './verbs/block-verb.ts';
import { CA_ENV_VERB, CA_INSTALL_VERB, CA_ROTATE_VERB, CA_SHOW_VERB } from './verbs/ca-verbs.ts';
import { CHECK_VERB } from './verbs/check-verb.ts';
import { COMPLETION_VERB } from './verbs/completion-verb.ts';
import { CONFIG_SHOW_VERB } from './verbs/config-verb.ts';
import { DOCTOR_VERB } from './verbs/doctor-verb.ts';
import { EDIT_VERB } from './verbs/edit-verb.ts';
import { EXPORT_VERB } from './verbs/export-verb.ts';
import { FINGERPRINT_VERB } from './verbs/fingerprint-verb.ts';
import { HELP_VERB } from './verbs/help-verb.ts';
import { MODE_VERB } from './verbs/mode-verb.ts';
import { REMOVE_VERB } from './verbs/remove-verb.ts';
import { REPLAY_VERB } from './verbs/replay-verb.ts';
import { SEARCH_VERB } from './verbs/search-verb.ts';
import { SHOW_VERB } from './verbs/show-verb.ts';
import { STATUS_VERB } from './verbs/status-verb.ts';
import { SUGGEST_VERB } from './verbs/suggest-verb.ts';
import { TAIL_VERB } from './verbs/tail-verb.ts';
import { TOKEN_VERB } from './verbs/token-verb.ts';
import { VERIFY_VERB } from './verbs/verify-verb.ts';

export const VERBS: readonly Verb[] = [
  STATUS_VERB,
  MODE_VERB,
  ALLOW_VERB,
  BLOCK_VERB,
  REMOVE_VERB,
  EDIT_VERB,
  CHECK_VERB,
  SUGGEST_VERB,
  REPLAY_VERB,
  TOKEN_VERB,
  SEARCH_VERB,
  TAIL_VERB,
  SHOW_VERB,
  EXPORT_VERB,
  VERIFY_VERB,
  FINGERPRINT_VERB,
  CA_SHOW_VERB,
  CA_ENV_VERB,
  CA_INSTALL_VERB,
  CA_ROTATE_VERB,
  DOCTOR_VERB,
  CONFIG_SHOW_VERB,
  COMPLETION_VERB,
  HELP_VERB,
];
