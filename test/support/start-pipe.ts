// Both ends of a worker's pipe over a real socket, with a log that remembers.

import type { Socket } from 'node:net';
import { afterEach, beforeEach } from 'vitest';
import type { ClientQuota } from '../../src/primary/client-quota.ts';
import { startWorkerPort, type WorkerPort } from '../../src/primary/worker-port.ts';
import type { Frame } from '../../src/shared/ipc.ts';
import type { WorkerControl } from '../../src/shared/worker-control.ts';
import { startLink } from '../../src/worker/primary-link.ts';
import { socketPair } from './socket-pair.ts';

type Line = { event: string; id: string; fields: Record<string, unknown> };

/** Starts the link on one end and the port on the other. */
export function startPipe([workerEnd, primaryEnd]: PipeEnds, quota: ClientQuota | null = null) {
  const state = {
    lines: [] as Line[],
    /** For each line: bytes of its members, and of the memory that is kept with them. */
    kept: [] as { readonly own: number; readonly all: number }[],
    healthy: true,
    refused: 0,
    crowded: false,
    /** The log fails between an intent and its write. */
    withdraws: false,
    resume: () => {},
    policy: 1,
    broken: '',
    frames: [] as Frame[],
    controls: [] as WorkerControl[],
    lost: '',
  };
  const port: WorkerPort = startWorkerPort({
    idPrefix: '9-4-',
    pipe: primaryEnd,
    log: {
      append(event, id, members, onWritten, onWithdrawn) {
        const text = members.toString();
        if (state.withdraws && onWithdrawn !== undefined) {
          setImmediate(onWithdrawn);
          return;
        }
        state.lines.push({ event, id, fields: JSON.parse(`{${text}}`) });
        if (typeof members !== 'string') {
          state.kept.push({ own: members.length, all: members.buffer.byteLength });
        }
        if (onWritten !== undefined) setImmediate(onWritten);
      },
      countRefused() {
        state.refused += 1;
      },
      pauseFor: (resume) => {
        if (state.crowded) state.resume = resume;
        return state.crowded;
      },
      healthy: () => state.healthy,
    },
    quota,
    waits: true,
    policyVersion: () => state.policy,
    mintLeaf: (host) => {
      if (host === 'no.test') throw new Error('no leaf');
      if (host === 'long.test') return 'x'.repeat(1024 * 1024);
      return `PEM of ${host}`;
    },
    onHello() {},
    onControl: (message) => void state.controls.push(message),
    onBroken: (problem) => {
      state.broken = problem;
    },
  });
  const link = startLink(workerEnd, {
    onFrame: (frame) => void state.frames.push(frame),
    onLost: (cause) => {
      state.lost = cause;
    },
  });
  link.begin('9-4-', true);
  return { port, link, state };
}

/** Who asks in these tests. */
export const identity = {
  client: '127.0.0.1',
  host: 'a.test',
  port: 443,
  method: 'GET',
  url: 'https://a.test/',
};

/** The worker's end and the primary's. */
export type PipeEnds = [Socket, Socket];
export type Pipe = ReturnType<typeof startPipe>;

/** Gives each test of a `describe` a pipe of its own, and takes it away behind it. */
export function eachWithPipe(take: (ends: PipeEnds, pipe: Pipe) => void): void {
  let ends: PipeEnds;
  beforeEach(async () => {
    ends = await socketPair();
    take(ends, startPipe(ends));
  });
  afterEach(() => {
    for (const end of ends) end.destroy();
  });
}
