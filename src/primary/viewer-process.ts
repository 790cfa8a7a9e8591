// Starts the viewer as a process of its own and starts it again when it ends. It decodes hostile
// bytes for display, so it shares nothing with the primary but the start of its life.

import { type ChildProcess, fork } from 'node:child_process';
import { LIMITS } from '../shared/limits.ts';
import { Backoff } from './backoff.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { UserIds } from './users.ts';

export type ViewerProcess = {
  /** Resolves when the viewer listens for the first time. */
  readonly listening: Promise<void>;
  stop(): Promise<void>;
};

export type ViewerDeps = {
  readonly exec: string;
  /** Whom it runs as; null: as the primary does. */
  readonly user: UserIds | null;
  readonly diagnostics: Diagnostics;
  now(): number;
  onListenFailed(code: string, message: string): void;
};

export function startViewer(deps: ViewerDeps): ViewerProcess {
  let stopping = false;
  let hasListened = false;
  const backoff = new Backoff();
  let child: ChildProcess;
  let retry: NodeJS.Timeout | undefined;
  let settle: () => void = () => {};
  const listening = new Promise<void>((resolve) => {
    settle = resolve;
  });

  function start(): void {
    const startedMs = deps.now();
    child = fork(deps.exec, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // It dials nobody, and the proxy before leash may have a password.
      env: { ...process.env, LEASH_UPSTREAM_PROXY: '' },
      // A folder of root's may be closed to another user.
      ...(deps.user !== null && { ...deps.user, cwd: '/' }),
    });
    child.on('error', (error) => deps.diagnostics.error({ err: error }, 'Viewer'));
    child.on('message', (message: { type?: string; code?: string; message?: string }) => {
      if (message.type === 'listening') {
        hasListened = true;
        settle();
      } else if (message.type === 'listen_failed' && !hasListened) {
        // Later the port may be taken for a moment: it is tried again, and requests go on.
        deps.onListenFailed(message.code ?? '', message.message ?? '');
      }
    });
    child.once('exit', (code, signal) => {
      if (stopping) return;
      deps.diagnostics.error({ code, signal }, 'Viewer ended; it is started again');
      retry = setTimeout(start, backoff.ended(deps.now() - startedMs));
    });
  }
  start();

  return {
    listening,
    stop() {
      stopping = true;
      clearTimeout(retry);
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        const deadline = setTimeout(() => child.kill('SIGKILL'), LIMITS.viewerStopMs);
        child.once('exit', () => {
          clearTimeout(deadline);
          resolve();
        });
        // The viewer ends when its channel to the primary ends.
        child.disconnect();
      });
    },
  };
}
