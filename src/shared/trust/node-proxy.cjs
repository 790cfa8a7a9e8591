// leash: sends Node before 22.21 through the proxy that HTTPS_PROXY names. Those versions read no such
// variable: fetch, http and https would go around the proxy, and fail where there is no other way out.
// Later ones are left alone (NODE_USE_ENV_PROXY=1). Loaded by NODE_OPTIONS=--require; trust.sh installs it.
'use strict';

const { env } = process;
const named = env.https_proxy || env.HTTPS_PROXY || '';
const knowsProxies = process.allowedNodeEnvironmentFlags.has('--use-env-proxy');
if (!knowsProxies && /^http:\/\//i.test(named)) install(new URL(named));

function install(proxy) {
  const http = require('node:http');
  const https = require('node:https');
  const net = require('node:net');
  const tls = require('node:tls');
  const excluded = (env.no_proxy || env.NO_PROXY || '').split(/[\s,]+/).filter(Boolean);

  // Made before the agents are others: to the proxy itself leads no tunnel.
  const plain = new http.Agent();

  const isDirect = (host) =>
    excluded.some((entry) => {
      const name = entry.toLowerCase().replace(/^\*?\./, '');
      return entry === '*' || host === name || host.endsWith(`.${name}`);
    });

  /** A tunnel to host and port; the callback gets an error, or its socket. */
  function openTunnel(host, port, callback) {
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const headers = { host: authority };
    if (proxy.username !== '') {
      const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
      headers['proxy-authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
    }
    const request = http.request({
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || 80,
      path: authority,
      headers,
      agent: plain,
    });
    request.once('connect', (response, socket) => {
      if (response.statusCode === 200) callback(null, socket);
      else {
        socket.destroy();
        callback(new Error(`the proxy refuses ${authority}: ${response.statusCode}`));
      }
    });
    request.once('error', callback);
    request.end();
  }

  const tunnelled = (Agent) =>
    class extends Agent {
      createConnection(options, callback) {
        const host = options.host || 'localhost';
        if (options.socketPath || isDirect(host)) return super.createConnection(options, callback);
        openTunnel(host, options.port, (error, socket) => {
          if (error) callback(error);
          else if (Agent === http.Agent) callback(null, socket);
          else callback(null, super.createConnection({ ...options, socket }));
        });
      }
    };
  http.globalAgent = new (tunnelled(http.Agent))(http.globalAgent.options);
  https.globalAgent = new (tunnelled(https.Agent))(https.globalAgent.options);

  const plainFetch = globalThis.fetch;
  if (typeof plainFetch !== 'function') return;
  const dispatcher = Symbol.for('undici.globalDispatcher.1');
  let isReady = false;
  globalThis.fetch = function fetch(...args) {
    if (!isReady) prepare();
    return plainFetch.apply(this, args);
  };

  /** At the first fetch: a program that makes none does not wait for it. */
  function prepare() {
    isReady = true;
    // Naming it loads what sets the dispatcher.
    void globalThis.Headers;
    const Agent = globalThis[dispatcher]?.constructor;
    if (Agent !== undefined) globalThis[dispatcher] = new Agent({ connect });
  }

  function connect({ hostname, port, protocol, servername }, callback) {
    const host = hostname.replace(/^\[|\]$/g, '');
    const isTls = protocol === 'https:';
    const to = Number(port) || (isTls ? 443 : 80);
    const secure = (socket) => {
      const name = servername || (net.isIP(host) ? undefined : host);
      // Without `host` the certificate of an address would be held against "localhost".
      const inner = tls.connect({ socket, host, servername: name, ALPNProtocols: ['http/1.1'] });
      inner.once('secureConnect', () => callback(null, inner));
      inner.once('error', callback);
    };
    const open = (error, socket) => {
      if (error) callback(error);
      else if (isTls) secure(socket);
      else callback(null, socket);
    };
    if (!isDirect(host)) {
      openTunnel(host, to, open);
      return;
    }
    const socket = net.connect(to, host);
    socket.once('connect', () => open(null, socket));
    socket.once('error', callback);
  }
}
