// What everybody may ask, agents included: whether leash works. What they are to trust: trust-routes.ts.
// Nothing here tells what is in the record or in the policy.

import { Hono } from 'hono';
import { readStatus } from './status.ts';
import type { ViewerDeps, ViewerEnv } from './viewer-env.ts';

export function createPublicRoutes({ config }: Pick<ViewerDeps, 'config'>) {
  const readiness = () =>
    readStatus(config.stateDir).catch((error: Error) => ({ problems: [error.message] }));
  return new Hono<ViewerEnv>()
    .get('/healthz', (c) => c.json({ ok: true as const }))
    .get('/readyz', async (c) => {
      const { problems } = await readiness();
      return c.json({ ready: problems.length === 0, problems }, problems.length === 0 ? 200 : 503);
    })
    .get('/api/health', async (c) => {
      const { problems } = await readiness();
      return c.json({ ok: true as const, ready: problems.length === 0, problems });
    });
}
