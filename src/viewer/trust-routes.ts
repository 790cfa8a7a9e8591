// The files that make a client use and trust leash, for everybody, agents included: the same that the
// proxy port hands out at http://leash.internal/.

import { Hono } from 'hono';
import { canonicalIp } from '../shared/address.ts';
import { formatAuthority, type Host } from '../shared/host.ts';
import { TRUST_FILES } from '../shared/trust/trust-files.ts';
import { keepTrustTexts } from './trust-read.ts';
import type { ViewerDeps, ViewerEnv } from './viewer-env.ts';

export function createTrustRoutes({ config }: Pick<ViewerDeps, 'config'>) {
  const routes = new Hono<ViewerEnv>();
  const keptText = keepTrustTexts(config.stateDir);
  for (const { name, type } of TRUST_FILES) {
    routes.get(`/${name}`, async (c) => {
      // The address that this connection came to, and no word of the request: it goes into scripts.
      const own = canonicalIp(c.env?.incoming?.socket?.localAddress ?? '') ?? '127.0.0.1';
      const authority = config.proxyAddress || formatAuthority(own as Host, config.proxyPort);
      const text = await keptText(name, authority);
      if (text === null) return c.json({ error: 'the CA certificate is not there yet' }, 503);
      return c.body(text, 200, {
        'content-type': type,
        'content-disposition': `attachment; filename="${fileName(name)}"`,
      });
    });
  }
  return routes;
}

/** As it should lie in a folder of downloads. */
function fileName(name: string): string {
  return name.startsWith('ca') ? `leash-${name}` : name;
}
