// fetch of the package undici with a proxy agent: the URL, and the proxy where it is not for the
// variables to say it, as arguments; the body on stdin. What to trust is for NODE_EXTRA_CA_CERTS.
import { buffer } from 'node:stream/consumers';
import { EnvHttpProxyAgent, fetch, ProxyAgent } from 'undici';

const [url, proxy] = process.argv.slice(2);
const dispatcher = proxy === undefined ? new EnvHttpProxyAgent() : new ProxyAgent(proxy);
const body = await buffer(process.stdin);
const response = await fetch(url, { method: 'POST', body, dispatcher });
process.stdout.write(Buffer.from(await response.arrayBuffer()));
await dispatcher.close();
