// The routes behind one record's detail: whether its place in the chain holds (`proof`), and what the
// policy of now says about it (`why`). Both read for a bounded time and change nothing. Where access is
// decided: `guard.ts`, before any of this runs.

import { basename } from 'node:path';
import { Hono } from 'hono';
import { validator } from 'hono/validator';
import { denyAll } from '../shared/policy.ts';
import { segmentName } from '../shared/segments.ts';
import type { Planner } from './policy/planner.ts';
import { readPolicy } from './policy/policy-reader.ts';
import { askAgain, type Why } from './policy/why.ts';
import { type Proof, prove } from './proof/prove.ts';
import type { RouteDeps } from './route-deps.ts';
import { readStatus } from './status.ts';
import { type FlowDeps, readFlow } from './store/flow.ts';
import { parsePosition } from './store/position-text.ts';
import type { ViewerEnv } from './viewer-env.ts';

export type DetailApi = ReturnType<typeof createDetailApi>;

/** What the last walk over all segments found, by the primary's word; null: it says nothing. */
export type WholeCheck = { state: 'running' | 'done'; segments: number; damage_here: boolean };
export type ProofAnswer = Proof & { file: string; whole: WholeCheck | null };
export type WhyAnswer = Why & { problem: string };

const NOT_FOUND = { error: 'this record was not found in the log' };

export function createDetailApi(deps: RouteDeps & { readonly planner: Planner }) {
  const { config, search, planner } = deps;
  return new Hono<ViewerEnv>()
    .get(
      '/api/logs/:id/proof',
      validator('query', (raw): { at?: string } => atOf(raw)),
      async (c) => {
        const { at } = c.req.valid('query');
        const place =
          at === undefined ? await placeOf(search, c.req.param('id')) : parsePosition(at);
        if (place === null && at !== undefined)
          return c.json({ error: 'at must be a cursor of this API' }, 400);
        const proof = place === null ? null : await prove(search, place);
        if (proof === null) return c.json(NOT_FOUND, 404);
        const { status } = await readStatus(config.stateDir);
        const file = segmentName(basename(config.logPath), proof.segment);
        const check = status?.log.check ?? null;
        const whole: WholeCheck | null = check && {
          state: check.state,
          segments: check.segments,
          damage_here: check.damage.some((damage) => damage.file.replace(/\.gz$/, '') === file),
        };
        return c.json({ ...proof, file, whole } satisfies ProofAnswer, 200);
      },
    )
    .get(
      '/api/logs/:id/why',
      validator('query', (raw): { at?: string } => atOf(raw)),
      async (c) => {
        const { at } = c.req.valid('query');
        const ask = { id: c.req.param('id'), ...(at !== undefined && { at }), redact: true };
        const flow = await readFlow(search, ask);
        if (flow === null) return c.json(NOT_FOUND, 404);
        const files = await readPolicy(config.policyDir);
        const now = await planner.policyOf(files);
        const { status } = await readStatus(config.stateDir);
        const why = askAgain({
          row: flow.row,
          fields: flow.fields,
          policy: 'problem' in now ? denyAll : now.policy,
          files: 'problem' in now ? {} : files.texts,
          version: status?.policy?.version ?? null,
          nowMs: deps.now(),
        });
        const answer: WhyAnswer =
          'problem' in now
            ? { ...why, now: null, changed: false, problem: now.problem }
            : { ...why, problem: '' };
        return c.json(answer, 200);
      },
    );
}

async function placeOf(search: FlowDeps, id: string) {
  const flow = await readFlow(search, { id, redact: true });
  return flow === null ? null : parsePosition(flow.row.at);
}

function atOf(raw: Record<string, string | string[]>): { at?: string } {
  const at = Array.isArray(raw.at) ? raw.at.at(-1) : raw.at;
  return at ? { at } : {};
}
