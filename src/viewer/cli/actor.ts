// Who changes the policy by `leashctl`, as the record will name them.

import { userInfo } from 'node:os';

/** `leashctl NAME`: behind sudo, the user who called it. Anybody can set the variable, so root alone is asked. */
export function actorName(env: NodeJS.ProcessEnv): string {
  const isRoot = process.getuid?.() === 0;
  return `leashctl ${(isRoot && env.SUDO_USER) || userName()}`;
}

/** A user without a name (in a container) has a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
