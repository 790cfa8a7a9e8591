// The checks of `leashctl doctor`, in the order in which they are shown. The one list: what is not here is
// not checked.

import { checkLogFolder, checkPolicyFolder, checkSecrets, checkUsers } from './access-checks.ts';
import { checkAgentNetworks, checkClients, checkViewerReach } from './client-checks.ts';
import { checkClock, checkRecordTimes } from './clock-checks.ts';
import { checkLogDisk, checkStateDisk } from './disk-checks.ts';
import type { Check, Finding } from './finding.ts';
import type { Facts } from './gather-facts.ts';
import { checkNode, checkOpenFiles, checkPorts } from './host-checks.ts';
import { checkCaExpiry, checkCheckpoint, checkIndex, checkRecord } from './record-checks.ts';
import { checkPolicy, checkRunning, checkSettings } from './running-checks.ts';

const CHECKS: readonly Check<Facts>[] = [
  checkRunning,
  checkSettings,
  checkPolicy,
  checkPorts,
  checkClients,
  checkAgentNetworks,
  checkViewerReach,
  checkRecord,
  checkCheckpoint,
  ({ clock }) => checkClock(clock),
  ({ clock }) => checkRecordTimes(clock),
  ({ disk }) => checkLogDisk(disk),
  ({ disk }) => checkStateDisk(disk),
  checkIndex,
  checkSecrets,
  checkLogFolder,
  checkPolicyFolder,
  checkUsers,
  checkCaExpiry,
  checkNode,
  checkOpenFiles,
];

/** What each check finds. */
export function examine(facts: Facts): Finding[] {
  return CHECKS.map((check) => check(facts));
}
