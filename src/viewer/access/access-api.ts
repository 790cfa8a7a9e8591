// Tells the page whether whoever looks at it may change something, so that a control that would be
// refused says why. The verdict is the guard's; this grants nothing.

import { Hono } from 'hono';
import type { ViewerEnv } from '../viewer-env.ts';

export type AccessAnswer = { readonly may_change: boolean; readonly reason: string };

export function createAccessApi() {
  return new Hono<ViewerEnv>().get('/api/access', (c) => {
    const verdict = c.get('change');
    const answer: AccessAnswer = verdict.ok
      ? { may_change: true, reason: '' }
      : { may_change: false, reason: verdict.error };
    return c.json(answer);
  });
}
