// What each agent of a fleet does, and when. A cycle of half a minute: a prompt of 60 KB whose answer
// comes as 20 events a second for 20 seconds, then some tool calls, then nothing. Pure.

import { EVENTS_A_SECOND } from '../openloop/event-stream.ts';
import { randomNumbers } from '../openloop/schedule.ts';

export type Action = {
  /** From the start of the run. */
  readonly atMs: number;
  readonly agent: number;
} & (
  | { readonly kind: 'prompt'; readonly events: number }
  | { readonly kind: 'get'; readonly bytes: number; readonly from: number }
);

export type PlanOptions = {
  readonly agents: number;
  /** Within which all agents come, one after the other. */
  readonly rampMs: number;
  /** No action is later. */
  readonly endMs: number;
  readonly seed: number;
};

export const CYCLE_MS = 30_000;
const ANSWER_MS = 20_000;
/** When tools are called, from the start of a cycle. */
const TOOLS_MS = [21_000, 22_500, 24_500];
const TOOL_BYTES = { min: 2 * 1024, max: 40 * 1024 };
/** Where the text of a tool's answer may begin. */
const TEXT_BYTES = 512 * 1024;
/** An answer with less left of it is no answer: that agent is between its answer and its tools. */
const LEAST_EVENTS = 10;

/**
 * All actions in order. An agent that comes is somewhere in its cycle, by chance, so that the load is as
 * even from the first second as it will be later; it has the rest of that answer still to hear.
 */
export function planFleet({ agents, rampMs, endMs, seed }: PlanOptions): Action[] {
  const random = randomNumbers(seed);
  const actions: Action[] = [];
  for (let agent = 0; agent < agents; agent += 1) {
    const comesMs = (rampMs * agent) / agents;
    const phaseMs = random() * CYCLE_MS;
    const left = Math.floor(((ANSWER_MS - phaseMs) / 1000) * EVENTS_A_SECOND);
    if (left >= LEAST_EVENTS) actions.push({ atMs: comesMs, agent, kind: 'prompt', events: left });
    for (let startMs = comesMs - phaseMs; startMs < endMs; startMs += CYCLE_MS) {
      const events = (ANSWER_MS / 1000) * EVENTS_A_SECOND;
      if (startMs >= comesMs) actions.push({ atMs: startMs, agent, kind: 'prompt', events });
      for (const toolMs of TOOLS_MS) {
        const bytes = between(random(), TOOL_BYTES);
        const from = Math.floor(random() * TEXT_BYTES);
        const atMs = startMs + toolMs;
        if (atMs >= comesMs && atMs < endMs)
          actions.push({ atMs, agent, kind: 'get', bytes, from });
      }
    }
  }
  return actions.sort((a, b) => a.atMs - b.atMs);
}

function between(random: number, { min, max }: { readonly min: number; readonly max: number }) {
  return Math.floor(min + random * (max - min));
}
