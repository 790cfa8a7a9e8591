// Who changes the policy by `leashctl`, as the record will name them.

import { userInfo } from 'node:os';

/** `leashctl NAME`: of sudo, the user who called it. */
export function actorName(env: NodeJS.ProcessEnv): string {
  return `leashctl ${env.SUDO_USER || userName()}`;
}

/** A user without a name (in a container) has a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
