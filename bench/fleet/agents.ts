// A share of a fleet's agents, in a process of its own: each has a source address and tunnels of its own,
// and does what the plan says when it says so, whether it was answered before or not. Started by child.mjs.

import { setTimeout as pause } from 'node:timers/promises';
import { clientAddress } from '../openloop/addresses.ts';
import { nowMs } from '../openloop/clock.ts';
import { Distribution, type Encoded, type Numbers } from '../openloop/distribution.ts';
import { EventReader } from '../openloop/event-stream.ts';
import { pace } from '../openloop/pacer.ts';
import { prose } from '../openloop/prose.ts';
import type { Answer, Failure, Target } from '../openloop/tunnel.ts';
import { TunnelPool } from '../openloop/tunnel-pool.ts';
import { type Action, type PlanOptions, planFleet } from './plan.ts';

export type AgentsParameters = {
  readonly target: Target;
  readonly plan: PlanOptions;
  /** Of the whole fleet, this process has each `of`-th agent, from the `share`-th on. */
  readonly share: number;
  readonly of: number;
  /** On the clock of all processes: when the plan starts, and what is measured. */
  readonly startMs: number;
  readonly fromMs: number;
  readonly toMs: number;
};

export type AgentsResult = {
  /** Counts; each is a sum over all processes. */
  readonly counts: Numbers;
  /** How long each took from when it was due. */
  readonly times: Readonly<Record<'event' | 'firstEvent' | 'get' | 'lateness', Encoded>>;
  /** What the first failure was. */
  readonly problem: string | null;
};

const PROMPT_BYTES = 60 * 1024;
/** Where a prompt's text begins in the one that all are cut from. */
const PROMPT_STRIDE = 7919;
const PROMPT_TEXTS = 512 * 1024;
/** An agent whose answer is late opens another tunnel for its next question, so many at most. */
const TUNNELS_AN_AGENT = 4;
/** After the end, for answers that are under way. */
const END_MS = 10_000;
const POLL_MS = 10;

export async function main(parameters: AgentsParameters): Promise<void> {
  const agents = new Agents(parameters);
  try {
    process.stdout.write(`${JSON.stringify(await agents.run())}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

class Agents {
  readonly #parameters: AgentsParameters;
  readonly #pools = new Map<number, TunnelPool>();
  readonly #text = prose(PROMPT_TEXTS + PROMPT_BYTES, 2);
  readonly #times = {
    event: new Distribution(),
    firstEvent: new Distribution(),
    get: new Distribution(),
    lateness: new Distribution(),
  };
  #asked = { prompts: 0, gets: 0 };
  #events = 0;
  #done = 0;
  #whole = 0;
  #problem: string | null = null;

  constructor(parameters: AgentsParameters) {
    this.#parameters = parameters;
  }

  async run(): Promise<AgentsResult> {
    const { plan, share, of, startMs, toMs } = this.#parameters;
    const actions = planFleet(plan).filter(({ agent }) => agent % of === share);
    const times = Float64Array.from(actions, ({ atMs }) => atMs);
    await pace(times, (dueMs, n) => this.#act(actions[n] as Action, dueMs), startMs);
    const endMs = toMs + END_MS;
    while (this.#done < actions.length && nowMs() < endMs) await pause(POLL_MS);
    let tunnels = 0;
    for (const pool of this.#pools.values()) {
      tunnels += pool.opened;
      pool.close();
    }
    const { event, firstEvent, get, lateness } = this.#times;
    return {
      counts: {
        ...this.#asked,
        events: event.count,
        eventsReceived: this.#events,
        tunnels,
        failures: actions.length - this.#whole,
      },
      times: {
        event: event.encode(),
        firstEvent: firstEvent.encode(),
        get: get.encode(),
        lateness: lateness.encode(),
      },
      problem: this.#problem ?? (this.#done < actions.length ? 'no answer in time' : null),
    };
  }

  #act(action: Action, dueMs: number): void {
    this.#add('lateness', dueMs);
    const pool = this.#poolOf(action.agent);
    if (action.kind === 'get') this.#get(pool, action, dueMs);
    else this.#prompt(pool, action, dueMs);
  }

  #get(pool: TunnelPool, { bytes, from }: Action & { kind: 'get' }, dueMs: number): void {
    this.#asked.gets += 1;
    const request = `GET /bytes?count=${bytes}&at=${from} HTTP/1.1\r\n${this.#headers()}\r\n`;
    pool.ask(Buffer.from(request), (answer) => {
      this.#add('get', dueMs);
      this.#end(answer, isAnswer(answer, bytes) ? null : `${bytes} bytes: ${describe(answer)}`);
    });
  }

  #prompt(pool: TunnelPool, { events, agent }: Action & { kind: 'prompt' }, dueMs: number): void {
    this.#asked.prompts += 1;
    const at = ((agent + this.#asked.prompts) * PROMPT_STRIDE) % PROMPT_TEXTS;
    const body = JSON.stringify({
      model: 'large',
      stream: true,
      messages: [{ role: 'user', content: this.#text.slice(at, at + PROMPT_BYTES - 80) }],
    });
    const head =
      `POST /events?count=${events} HTTP/1.1\r\n${this.#headers()}Content-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n`;
    const reader = new EventReader();
    const onEvent = (eventMs: number) => {
      if (reader.count === 1) this.#add('firstEvent', dueMs);
      this.#events += 1;
      this.#add('event', eventMs);
    };
    pool.ask(
      Buffer.from(head + body),
      (answer) => {
        const problem = 'problem' in answer || answer.status !== 200 ? describe(answer) : null;
        this.#end(answer, problem ?? reader.problem);
      },
      (piece) => reader.push(piece, onEvent),
    );
  }

  #headers(): string {
    const { host, originPort } = this.#parameters.target;
    return `Host: ${host}:${originPort}\r\nUser-Agent: agent-sdk/9\r\nAuthorization: Bearer sk-sample\r\n`;
  }

  #add(name: keyof AgentsResult['times'], dueMs: number): void {
    const now = nowMs();
    if (now >= this.#parameters.fromMs && now < this.#parameters.toMs) {
      this.#times[name].add(now - dueMs);
    }
  }

  #end(answer: Answer | Failure, problem: string | null): void {
    this.#done += 1;
    if (problem === null && 'status' in answer) this.#whole += 1;
    else this.#problem ??= problem;
  }

  #poolOf(agent: number): TunnelPool {
    const { target } = this.#parameters;
    const addresses = [clientAddress(agent)];
    const pool =
      this.#pools.get(agent) ?? new TunnelPool({ target, max: TUNNELS_AN_AGENT, addresses });
    this.#pools.set(agent, pool);
    return pool;
  }
}

function isAnswer(answer: Answer | Failure, bytes: number): boolean {
  return 'status' in answer && answer.status === 200 && answer.bodyBytes === bytes;
}

function describe(answer: Answer | Failure): string {
  if ('problem' in answer) return answer.problem;
  return `status ${answer.status} with ${answer.bodyBytes} bytes`;
}
