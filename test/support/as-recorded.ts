import type { FlowFields } from '../../src/shared/audit-event.ts';
import { formatMembers } from '../../src/shared/audit-line.ts';

/** Fields as a reader of the record finds them: what is empty is not there. */
export function asRecorded(...parts: readonly FlowFields[]): FlowFields {
  return JSON.parse(`{${formatMembers(...parts)}}`);
}
