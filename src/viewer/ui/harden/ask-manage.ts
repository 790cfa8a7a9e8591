// Opens the window that allows or blocks, or says why nothing can be changed from here.

import type { Row } from '../../store/row.ts';
import { manageRequest } from '../kit/app-state.ts';
import type { ManageTarget } from '../kit/manage-target.ts';
import { toast } from '../kit/toast.ts';
import { knownAccess } from '../policy/change-state.ts';

/** Asks about a target; null: what leash says of itself can be neither allowed nor blocked. */
export async function askManage(
  action: 'allow' | 'block',
  target: ManageTarget | null,
): Promise<void> {
  if (target === null) return;
  const { may_change: may, reason } = await knownAccess();
  if (may) manageRequest.value = { action, target };
  else toast.value = { kind: 'bad', text: `Not possible from here: ${reason}` };
}

/** What a row asked for; null: it tells of no request. */
export function targetOf(row: Row): ManageTarget | null {
  const { host, port, method, agent, url, reason, class: kind } = row;
  if (host === '' || port === null) return null;
  return { host, port, method, agent, url, reason, class: kind, prefix: '' };
}
