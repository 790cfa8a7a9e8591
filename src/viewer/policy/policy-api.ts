// The routes that show the policy and change it. A change edits a file and answers when all workers
// have it, or says which have not. Where access is decided: `guard.ts`, before any of this runs.

import { type Context, Hono } from 'hono';
import type { GuardDeps } from '../access/guard.ts';
import { readStatus } from '../status.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { addEntry, type EditFile, removeEntry } from './policy-edit.ts';
import { readPolicy } from './policy-reader.ts';
import { readSpec } from './policy-spec.ts';
import { changeFile, changeMode, type WriteDeps, type Written } from './policy-write.ts';

const FILES: Readonly<Record<string, EditFile>> = {
  enforce: 'enforce.yaml',
  blocklist: 'blocklist.yaml',
};
const EDITS = { add: addEntry, remove: removeEntry };

export function createPolicyApi(deps: GuardDeps) {
  const { config } = deps;
  // One change at a time: two at once would each undo the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  const writeDeps = (c: Context<ViewerEnv>): WriteDeps => ({
    policyDir: config.policyDir,
    stateDir: config.stateDir,
    actor: `viewer ${c.get('client')}`,
  });
  const answer = async (c: Context<ViewerEnv>, written: Written) => {
    if (!written.ok) return c.json({ ok: false as const, error: written.problem }, 400);
    const policy = await describePolicy(deps);
    // A change that is not in force everywhere is no success yet: 202 says so to every client.
    return c.json({ ...written, policy }, written.in_force ? 200 : 202);
  };

  const setMode = async (c: Context<ViewerEnv>) => {
    const body = await readBody(c);
    const mode = typeof body?.mode === 'string' ? body.mode : '';
    return answer(c, await inTurn(() => changeMode(writeDeps(c), mode)));
  };

  return new Hono<ViewerEnv>()
    .get('/api/mode', async (c) => {
      const { status, alive } = await readStatus(config.stateDir);
      const inForce = alive ? status?.policy?.mode : undefined;
      return c.json({ mode: inForce ?? ((await readPolicy(config.policyDir)).mode || 'enforce') });
    })
    .put('/api/mode', setMode)
    .post('/api/mode', setMode)
    .get('/api/policy', async (c) => c.json(await describePolicy(deps)))
    .post('/api/policy/:list{enforce|blocklist}/:action{add|remove}', async (c) => {
      const file = FILES[c.req.param('list')];
      const action = EDITS[c.req.param('action') as keyof typeof EDITS];
      const spec = readSpec(await readBody(c), c.req.param('action') === 'remove');
      if ('problem' in spec || file === undefined) {
        const error = 'problem' in spec ? spec.problem : 'there is no such list';
        return c.json({ ok: false as const, error }, 400);
      }
      const edit = (text: string) => action(file, text, spec);
      return answer(c, await inTurn(() => changeFile(writeDeps(c), file, edit)));
    });
}

async function describePolicy({ config, agents }: GuardDeps) {
  const { status, alive } = await readStatus(config.stateDir);
  const texts = await readPolicy(config.policyDir);
  return {
    mode: (alive ? status?.policy?.mode : undefined) ?? (texts.mode || 'enforce'),
    version: status?.policy?.version ?? null,
    files: texts.files,
    problems: status?.problems ?? [],
    agent_networks: await agents.read(),
  };
}

async function readBody(c: Context<ViewerEnv>): Promise<Record<string, unknown> | null> {
  const body: unknown = await c.req.json().catch(() => null);
  return typeof body === 'object' && body !== null ? { ...body } : null;
}
