// The routes that show the policy and change it. A change edits a file and answers when all workers
// have it, or says which have not. Where access is decided: `guard.ts`, before any of this runs.

import { type Context, Hono } from 'hono';
import { parseAuthority, type Target } from '../../shared/host.ts';
import { QUERY_CLASSES } from '../../shared/query.ts';
import type { GuardDeps } from '../access/guard.ts';
import { readStatus } from '../status.ts';
import { parsePosition } from '../store/position-text.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { type EditAsk, readEdit, readReplace, readUndo } from './edit-body.ts';
import { brokenFile } from './planner.ts';
import {
  type ChangeDeps,
  type Failure,
  type Made,
  PolicyChanges,
  type Trial,
} from './policy-change.ts';
import { readHistory } from './policy-history.ts';
import { type EntryPlace, placeOf, policyOptions } from './policy-options.ts';
import { readMode, readPolicy } from './policy-reader.ts';
import { etagOf } from './policy-write.ts';
import type { Recorded } from './recorded-ask.ts';

export type PolicyAnswer = Awaited<ReturnType<typeof describePolicy>>;
/** An entry that ends by itself. */
export type Grant = EntryPlace & {
  readonly list: 'allow' | 'block';
  readonly expires_at: number;
  readonly agents: readonly string[] | null;
  readonly paths: readonly { readonly method: string; readonly prefix: string }[] | null;
  readonly reason: string;
};

type Deps = GuardDeps & ChangeDeps;

export function createPolicyApi(deps: Deps) {
  const { config, planner } = deps;
  const changes = new PolicyChanges(deps);
  const actorOf = (c: Context<ViewerEnv>) => `viewer ${c.get('client')}`;
  const answer = async (c: Context<ViewerEnv>, result: Trial | Made | Failure) => {
    if (!result.ok) {
      const { problem: error, problems = [], stale, unable } = result;
      const status = stale ? 412 : unable ? 500 : 400;
      return c.json({ ok: false as const, error, problems }, status);
    }
    if ('dry_run' in result) return c.json(result, 200);
    const policy = await describePolicy(deps);
    // A change that is not in force everywhere is no success yet: 202 says so to every client.
    return c.json({ ...result, policy }, result.in_force ? 200 : 202);
  };
  const edit = async (c: Context<ViewerEnv>, ask: EditAsk | { readonly problem: string }) => {
    if ('problem' in ask) return answer(c, { ok: false, problem: ask.problem });
    const result = ask.dryRun ? changes.tryEdit(ask) : changes.makeEdit(actorOf(c), ask);
    return answer(c, await result);
  };
  const setMode = async (c: Context<ViewerEnv>) => {
    const body = await readBody(c);
    const mode = typeof body?.mode === 'string' ? body.mode : '';
    const isTrial = body?.dry_run === true;
    return answer(
      c,
      await (isTrial ? changes.tryMode(mode, DAY_S) : changes.makeMode(actorOf(c), mode)),
    );
  };

  return new Hono<ViewerEnv>()
    .get('/api/mode', async (c) => {
      const { status, alive } = await readStatus(config.stateDir);
      const inForce = alive ? status?.policy?.mode : undefined;
      return c.json({ mode: inForce ?? ((await readMode(config.policyDir)) || 'enforce') });
    })
    .put('/api/mode', setMode)
    .post('/api/mode', setMode)
    .get('/api/policy', async (c) => c.json(await describePolicy(deps)))
    .get('/api/policy/history', async (c) => {
      const before = c.req.query('before');
      if (before && parsePosition(before) === null) {
        return c.json({ error: 'before must be a cursor of this API' }, 400);
      }
      const limit = Number(c.req.query('limit') ?? 20);
      if (!Number.isInteger(limit) || limit < 1) {
        return c.json({ error: 'limit must be a number from 1 on' }, 400);
      }
      return c.json(await readHistory(deps.search, { before, limit }));
    })
    .get('/api/policy/options', async (c) => {
      const { host = '', port = '', ...facts } = c.req.query();
      const name = host.includes(':') ? `[${host}]` : host;
      const target = parseAuthority(`${name}:${port}`, null);
      if ('problem' in target) return c.json({ error: target.problem }, 400);
      const now = await planner.policyOf(await readPolicy(config.policyDir));
      if ('problem' in now) return c.json(brokenFile(now), 409);
      const row = recordedFrom(target, facts);
      return c.json(policyOptions(now.source, { row, target, nowMs: deps.now() }));
    })
    .get('/api/policy/grants', async (c) => {
      const now = await planner.policyOf(await readPolicy(config.policyDir));
      if ('problem' in now) return c.json(brokenFile(now), 409);
      const { allow, block } = now.source;
      const grants = [...grantsOf('allow', allow), ...grantsOf('block', block)];
      return c.json({ grants: grants.slice(0, MAX_GRANTS) });
    })
    .post('/api/policy/replace', async (c) =>
      edit(c, readReplace(await readBody(c), c.req.header('if-match'))),
    )
    .post('/api/policy/undo', async (c) => {
      const step = readUndo(await readBody(c));
      if ('problem' in step) return answer(c, { ok: false, problem: step.problem });
      return answer(c, await changes.undo(actorOf(c), step));
    })
    .post('/api/policy/:list{enforce|blocklist}/:action{add|remove}', async (c) => {
      const { list, action } = c.req.param();
      return edit(c, readEdit(list, action, await readBody(c), c.req.header('if-match')));
    });
}

/** The request that options are asked for; of a `class` that is not named it passed. */
function recordedFrom(
  { host, port }: Target,
  { agent = '', method = 'GET', url = '', reason = '', ...facts }: Record<string, string>,
): Recorded {
  const kind = QUERY_CLASSES.find((each) => each === facts.class) ?? 'allowed';
  return { host, port, agent, method, url, reason, class: kind, event: kind };
}

const DAY_S = 86_400;
/** More than a person looks through. */
const MAX_GRANTS = 500;

function grantsOf(
  list: Grant['list'],
  rules: readonly {
    readonly text: string;
    readonly expiresAtMs: number | null;
    readonly agents: Grant['agents'];
    readonly paths: Grant['paths'];
    readonly reason: string;
  }[],
): Grant[] {
  return rules.flatMap(({ text, expiresAtMs, agents, paths, reason }) => {
    const place = placeOf(text);
    if (expiresAtMs === null || place === null) return [];
    return [{ ...place, list, expires_at: expiresAtMs / 1000, agents, paths, reason }];
  });
}

async function describePolicy({ config, agents }: GuardDeps) {
  const { status, alive } = await readStatus(config.stateDir);
  const { texts, problems: unread } = await readPolicy(config.policyDir);
  const { mode = '', ...files } = texts;
  const known = status?.problems ?? [];
  const etags = Object.entries(files).map(([file, text]) => [file, etagOf(text)]);
  return {
    mode: (alive ? status?.policy?.mode : undefined) ?? (mode.trim().slice(0, 64) || 'enforce'),
    version: status?.policy?.version ?? null,
    files,
    /** File → what a change of it is made for: send it as `etag`. */
    etags: Object.fromEntries(etags) as Record<string, string>,
    problems: [...known, ...unread.filter(({ file }) => !known.some((it) => it.file === file))],
    agent_networks: await agents.read(),
  };
}

async function readBody(c: Context<ViewerEnv>): Promise<Record<string, unknown> | null> {
  const body: unknown = await c.req.json().catch(() => null);
  return typeof body === 'object' && body !== null ? { ...body } : null;
}
