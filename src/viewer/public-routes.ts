// What everybody may ask, agents included: whether leash works, and the certificate to trust.
// Nothing here tells what is in the record or in the policy.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
    })
    .get('/ca.pem', async (c) => {
      const pem = await readFile(join(config.stateDir, 'ca.pem'), 'utf8').catch(() => null);
      if (pem === null) return c.json({ error: 'the CA certificate is not there yet' }, 503);
      return c.body(pem, 200, {
        'content-type': 'application/x-pem-file',
        'content-disposition': 'attachment; filename="leash-ca.pem"',
      });
    });
}
