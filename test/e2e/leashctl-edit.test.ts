// `leashctl edit` with editors that do what a script says, beside a leash that runs.

import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ENFORCE, LEASHCTL, type PolicyStage, startPolicyStage } from '../support/policy-stage.ts';
import { run } from '../support/run-client.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await startPolicyStage();
});
afterAll(() => stage.close());

describe('leashctl edit', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'editor-'));
    await stage.reset();
  });
  /** An editor that does what a script says; `$1` is the file. */
  const editor = async (script: string) => {
    const path = join(folder, 'editor.sh');
    await writeFile(path, `#!/bin/sh\nset -e\n${script}\n`, { mode: 0o755 });
    return { EDITOR: path, VISUAL: '', TMPDIR: folder };
  };

  it('puts a valid text in place, and is back when all workers have it', async () => {
    const { code, stdout, stderr } = await stage.leashctl(
      ['edit'],
      await editor('echo "    - new.test" >> "$1"'),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\+ {4}- new\.test$/m);
    expect(stdout).toMatch(/^enforce\.yaml is in place, in force, policy version \d+$/m);
    expect(await stage.policy('enforce.yaml')).toBe(`${ENFORCE}    - new.test\n`);
    // The copy is gone.
    expect((await readdir(folder)).filter((name) => name.startsWith('leashctl-'))).toEqual([]);
  });

  it('says where a mistake is, and changes nothing', async () => {
    const { code, stdout, stderr } = await stage.leashctl(
      ['edit', 'enforce.yaml'],
      await editor('echo "    - https://x.test/" >> "$1"'),
    );
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^leashctl: enforce\.yaml:8:\d+: .*is a URL.*\n/);
    expect(stderr).toContain('discarded; nothing was changed');
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
  });

  it('asks a person at a terminal: edit again, or discard', async () => {
    // The first time a mistake, the second time a good entry in its place.
    const tools = await editor(
      'if grep -q https "$1"; then sed -i "s#https://x.test/#x.test#" "$1"; else echo "    - https://x.test/" >> "$1"; fi',
    );
    const command = `${process.execPath} ${LEASHCTL} edit`;
    const terminal = (answers: string) =>
      run('script', ['-qec', command, '/dev/null'], {
        env: { ...stage.env, ...tools },
        input: answers,
      });
    const fixed = await terminal('e\n');
    expect(fixed.stdout).toContain('Edit again (e) or discard (d)?');
    expect(fixed.code).toBe(0);
    expect(await stage.policy('enforce.yaml')).toBe(`${ENFORCE}    - x.test\n`);
    await stage.reset();
    // The end of the input is an answer, too.
    expect((await terminal('\x04')).code).toBe(4);
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
    const discarded = await terminal('d\n');
    expect(discarded.code).toBe(4);
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
  });

  it('refuses where the file changed meanwhile, and keeps the text', async () => {
    const other = join(stage.leash.policyDir, 'enforce.yaml');
    const { code, stdout, stderr } = await stage.leashctl(
      ['edit'],
      await editor(`echo "    - mine.test" >> "$1"\necho "    - theirs.test" >> ${other}`),
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('enforce.yaml: it changed meanwhile');
    const kept = /your text is kept in (\S+)/.exec(stderr)?.[1] ?? '';
    expect(await readFile(kept, 'utf8')).toContain('mine.test');
    expect(await stage.policy('enforce.yaml')).toBe(`${ENFORCE}    - theirs.test\n`);
  });

  it('changes nothing where nothing was changed, or the editor failed', async () => {
    const same = await stage.leashctl(['edit'], await editor('true'));
    expect(same).toMatchObject({ code: 0, stdout: 'enforce.yaml is unchanged\n', stderr: '' });
    const failed = await stage.leashctl(['edit'], await editor('echo x >> "$1"; exit 3'));
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/ended with 3; nothing was changed\n$/);
    expect(await stage.policy('enforce.yaml')).toBe(ENFORCE);
    const unknown = await stage.leashctl(['edit', '../../etc/passwd']);
    expect(unknown.code).toBe(2);
  });
});
