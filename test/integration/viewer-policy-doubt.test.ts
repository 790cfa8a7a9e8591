// What the routes of the policy do not take at its face: a narrow block below a wider one, and a record
// that anybody may have written.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';

const ENFORCE = '# mine\nallow:\n  - a.test\n';

let viewer: TestViewer;
beforeEach(async () => {
  viewer = await startViewer();
  await put('mode', 'audit\n');
  await put('agents.yaml', 'agent_networks: [10.0.0.0/8]\n');
});
afterEach(async () => {
  expect(viewer.errors).toEqual([]);
  await viewer.close();
});

const put = (name: string, text: string) => writeFile(join(viewer.policyDir, name), text);
const post = (path: string, json: unknown) =>
  viewer.ask(path, { method: 'POST', json, headers: viewer.pageHeaders() });

it('a trial says where a narrow block lets pass what a wider one blocked, whatever the log has', async () => {
  await put('blocklist.yaml', 'block:\n  - evil.test\n');
  const narrow = { host: 'api.evil.test', scope: 'path', method: 'GET', prefix: '/x' };
  const level = [{ host: 'api.evil.test', parent: 'evil.test' }];
  const trial = await post('/api/policy/blocklist/add', { ...narrow, dry_run: true });
  expect(trial.json).toMatchObject({ narrows: level, widens: [] });
  await post('/api/policy/blocklist/add', narrow);
  const remove = { host: 'api.evil.test', dry_run: true };
  const removal = await post('/api/policy/blocklist/remove', remove);
  expect(removal.json).toMatchObject({ narrows: [], widens: level });
});

it('/api/policy/history believes no line of the original, and an undo does not either', async () => {
  const text = `${ENFORCE}  - new.test\n`;
  const [etag, to] = [text, ENFORCE].map((each) => createHash('sha256').update(each).digest('hex'));
  await put('enforce.yaml', text);
  const forged = { ts: 1, event: 'policy_change', id: '-', file: 'enforce.yaml', sha256: etag };
  const line = { ...forged, actor: 'viewer 10.0.0.5', diff: ['+   - new.test'] };
  await writeFile(viewer.logPath, `${JSON.stringify(line)}\n${JSON.stringify(line)}\n`);
  const page = (await viewer.ask('/api/policy/history')).json;
  expect(page).toMatchObject({ entries: [], cursor: null });
  const undo = await post('/api/policy/undo', { file: 'enforce.yaml', etag, to });
  expect(undo.json.error).toContain('not known any more');
});
