#!/usr/bin/env node
// leash's entry point: settings, signals, exit codes, the few lines a person reads. Wiring only.
// Exit codes: 0 stopped on request · 1 failure · 2 bad setting · 70 an error nobody caught.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Config, parseConfig } from '../shared/config.ts';
import { LIMITS } from '../shared/limits.ts';
import { openDiagnostics } from './diagnostics.ts';
import { growHeapFreely } from './heap.ts';
import { type Service, startService } from './service.ts';

// Whoever reads the greeting may go away: that ends no proxy.
process.stdout.on('error', () => {});

const MODES: Readonly<Record<string, string>> = {
  enforce: 'only what the allowlist names passes',
  audit: 'no rule blocks anything, all is recorded; private addresses as network.yaml says',
  blocklist: 'all but what the blocklist names passes; private addresses as network.yaml says',
  none: 'no policy is loaded: everything is refused',
};

const [word, ...further] = process.argv.slice(2);
if (word === 'viewer' && further.length === 0) {
  // Another program, which reads settings and signals by itself: for LEASH_VIEWER=off elsewhere.
  await import(new URL('../viewer/main.js', import.meta.url).href);
} else if (word !== undefined) {
  fail('takes no argument, or "viewer" alone for a viewer on its own', 2);
} else {
  const settings = parseConfig(process.env, { workers: availableParallelism() });
  if ('problem' in settings) fail(settings.problem, 2);
  await run(settings);
}

async function run(config: Config): Promise<void> {
  growHeapFreely();
  const diagnostics = await openDiagnostics(config.diagnosticsDir).catch((error: Error) =>
    fail(`Cannot write LEASH_DIAGNOSTICS: ${error.message}`, 1),
  );
  let service: Service | null = null;
  let stoppingSinceMs = 0;
  let stopAsked = '';

  process.on('uncaughtException', (error) => {
    diagnostics.fatal({ err: error }, 'Primary ends on an error nobody caught');
    // What is queued is on disk before the process ends.
    service?.log.flush();
    process.exit(70);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(signal));

  /** Ends after a drain; asked a second time, at once. A signal during the start counts after it. */
  async function stop(reason: string): Promise<void> {
    stopAsked = reason;
    if (service === null) return;
    if (stoppingSinceMs > 0) {
      // A terminal and npm both pass one Ctrl-C on: two within a second are one.
      if (Date.now() - stoppingSinceMs < 1000) return;
      service.log.flush();
      process.exit(1);
    }
    stoppingSinceMs = Date.now();
    const problem = await service.stop(reason, LIMITS.drainMs);
    if (problem !== '') fail(`stopped, and ${problem}`, 1);
    process.stdout.write('leash has stopped\n');
    process.exit(0);
  }

  try {
    service = await startService({
      config,
      version: packageVersion(),
      diagnostics,
      now: Date.now,
      onFatal: (problem) => fail(problem, 1),
    });
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error), 1);
  }
  process.stdout.write(greeting(config, service));
  if (stopAsked !== '') await stop(stopAsked);
}

function fail(problem: string, code: number): never {
  process.stderr.write(`leash: ${problem}\n`);
  process.exit(code);
}

function greeting(config: Config, service: Service): string {
  const proxy = `http://${hostForUrl(config.bind)}:${config.proxyPort}`;
  const viewer = `http://${hostForUrl(config.viewerBind)}:${config.viewerPort}`;
  const mode = service.mode();
  return [
    `leash is running: mode ${mode}, ${MODES[mode] ?? ''}`,
    `  proxy    ${proxy}`,
    `  viewer   ${config.viewer ? viewer : 'off'}`,
    `  record   ${config.logPath}`,
    `  CA       ${service.ca.certPath}`,
    `  SHA-256  ${service.ca.sha256}`,
    ...(needsToken(config) ? [`  token    printed by: ${tokenCommand(config)}`] : []),
    `  try      curl --proxy ${proxy} --cacert ${shellWord(service.ca.certPath)} https://example.com/`,
    '',
  ].join('\n');
}

/** Beyond loopback, and where one is set, the viewer asks for its token. */
function needsToken({ viewer, viewerToken, viewerBind }: Config): boolean {
  const loopback = /^(127\.|::1$)/.test(viewerBind);
  return viewer && viewerToken !== 'off' && !(viewerToken === '' && loopback);
}

function tokenCommand({ stateDir }: Config): string {
  return `LEASH_STATE_DIR=${shellWord(stateDir)} leashctl token`;
}

/** An address to bind to → one to type: `::` and `0.0.0.0` mean every address. */
function hostForUrl(address: string): string {
  if (address === '::' || address === '0.0.0.0') return 'localhost';
  return address.includes(':') ? `[${address}]` : address;
}

/** A path as a shell takes it: quoted where it needs to be. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String(JSON.parse(text).version);
}
