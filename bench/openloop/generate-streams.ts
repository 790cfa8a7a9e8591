// Many event streams at once, each in a tunnel of its own: how long an event is under way from when it
// was due, what it costs the proxy, and what the streams take of its memory.

import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from '../processes.ts';
import { treeMemory } from '../tree-memory.ts';
import { clientAddress } from './addresses.ts';
import { nowMs } from './clock.ts';
import { Distribution, type Numbers } from './distribution.ts';
import { EVENT_BYTES, EventReader } from './event-stream.ts';
import { askOrigin } from './start-stream-origin.ts';
import { openTunnel, type Target, type Tunnel } from './tunnel.ts';

export type StreamsParameters = {
  readonly kind: 'streams';
  /** Its origin is the origin of streams. */
  readonly target: Target;
  readonly streams: number;
  readonly streamsPerClient: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly pid: number | null;
};

const AT_ONCE = 16;
/** Short ones, before the first look at the memory: a cold process would count as streams. */
const WARM_UP_STREAMS = 50;
const WARM_UP_EVENTS = 20;
const PAUSE_MS = 1000;
/** For the last events and ends of answers. */
const END_MS = 10_000;
const POLL_MS = 5;

export async function generateStreams(parameters: StreamsParameters): Promise<Numbers> {
  const { target, streams: count, seconds, warmUpSeconds, pid } = parameters;
  const warm = new Streams({ ...parameters, streams: Math.min(WARM_UP_STREAMS, count) });
  await warm.open(`/events?count=${WARM_UP_EVENTS}`);
  await warm.ended();
  warm.close();
  await pause(PAUSE_MS);
  const load = new Streams(parameters);
  const memoryBefore = pid === null ? 0 : treeMemory(pid);
  await load.open('/events');
  await pause(warmUpSeconds * 1000);
  load.begin();
  const cpuBefore = pid === null ? 0 : cpuSeconds(pid);
  await pause(seconds * 1000);
  const cpu = pid === null ? 0 : cpuSeconds(pid) - cpuBefore;
  const { delay, events } = load.finish();
  const memory = pid === null ? 0 : treeMemory(pid) - memoryBefore;
  const { events: eventsSent = 0, latenessP99Ms = 0 } = await askOrigin(target.originPort, '/end');
  await load.ended();
  load.close();
  const problem = warm.problem ?? load.problem;
  if (problem !== null) process.stderr.write(`${problem}\n`);
  return {
    streams: count,
    events,
    ...delay.numbers(),
    failures: load.failures + warm.failures,
    lost: eventsSent - load.received - warm.received,
    originLatenessP99Ms: latenessP99Ms,
    cpuMicrosPerEvent: (cpu * 1e6) / Math.max(1, events),
    kbPerStream: memory / 1024 / count,
    /** What a log has to agree with. */
    sent: count + warm.count,
    eventsSent,
    bytesSent: eventsSent * EVENT_BYTES,
  };
}

/** The streams' end at the client. */
class Streams {
  readonly #parameters: StreamsParameters;
  readonly #tunnels: Tunnel[] = [];
  #delay = new Distribution();
  #done = 0;
  received = 0;
  /** Streams whose every event came, in order, and whose answer ended. */
  whole = 0;
  problem: string | null = null;

  constructor(parameters: StreamsParameters) {
    this.#parameters = parameters;
  }

  get count(): number {
    return this.#parameters.streams;
  }

  get failures(): number {
    return this.count - this.whole;
  }

  /** Resolves when each has its answer's first event. */
  async open(path: string): Promise<void> {
    let next = 0;
    const some = async () => {
      for (let n = next++; n < this.count; n = next++) await this.#openOne(n, path);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
  }

  begin(): void {
    this.#delay = new Distribution();
  }

  finish(): { readonly delay: Distribution; readonly events: number } {
    const delay = this.#delay;
    this.#delay = new Distribution();
    return { delay, events: delay.count };
  }

  async ended(): Promise<void> {
    const endMs = nowMs() + END_MS;
    while (this.#done < this.count && nowMs() < endMs) await pause(POLL_MS);
  }

  close(): void {
    for (const tunnel of this.#tunnels) tunnel.close();
  }

  async #openOne(n: number, path: string): Promise<void> {
    const { target, streamsPerClient } = this.#parameters;
    const localAddress = clientAddress(Math.floor(n / streamsPerClient));
    const tunnel = await openTunnel({ target, localAddress });
    if ('problem' in tunnel) return this.#end(tunnel.problem);
    this.#tunnels.push(tunnel);
    const reader = new EventReader();
    const request = `GET ${path} HTTP/1.1\r\nHost: ${target.host}:${target.originPort}\r\n\r\n`;
    await new Promise<void>((resolve) => {
      const onEvent = (dueMs: number) => {
        this.received += 1;
        this.#delay.add(nowMs() - dueMs);
        resolve();
      };
      tunnel.ask(
        request,
        (answer) => {
          const failure = 'problem' in answer ? answer.problem : statusProblem(answer.status);
          this.#end(failure ?? reader.problem);
          resolve();
        },
        (piece) => reader.push(piece, onEvent),
      );
    });
  }

  #end(problem: string | null): void {
    this.#done += 1;
    if (problem === null) this.whole += 1;
    else this.problem ??= problem;
  }
}

function statusProblem(status: number): string | null {
  return status === 200 ? null : `status ${status}`;
}
