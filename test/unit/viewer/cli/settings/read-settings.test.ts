import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../../../../../src/viewer/cli/settings/read-settings.ts';
import { type TempDir, tempDir } from '../../../../support/temp-dir.ts';

describe('readSettings()', () => {
  let dir: TempDir;
  let file: string;
  beforeEach(async () => {
    dir = await tempDir();
    file = join(dir.path, 'leash.env');
  });
  afterEach(() => dir.close());

  const originOf = async (env: NodeJS.ProcessEnv, name: string) =>
    (await readSettings({ LEASH_ENV_FILE: file, ...env })).values.find(
      ({ setting }) => setting.name === name,
    );

  it('takes the environment first, then the file, then the default', async () => {
    await writeFile(file, '\nLEASH_DIR=/a\nPORT=1234\n');
    const env = { LEASH_DIR: '/b', PORT: '' };
    const { config, problem } = await readSettings({ LEASH_ENV_FILE: file, ...env });
    expect(problem).toBeNull();
    expect(config).toMatchObject({ policyDir: '/b', viewerPort: 1234, proxyPort: 8080 });
    expect(await originOf(env, 'LEASH_DIR')).toMatchObject({ origin: { from: 'environment' } });
    expect(await originOf(env, 'PORT')).toMatchObject({
      text: '1234',
      origin: { from: 'file', file, line: 3 },
    });
    expect(await originOf(env, 'LEASH_PROXY_PORT')).toMatchObject({ origin: { from: 'default' } });
  });

  it.each([
    ['PORT=x\n', ':1: PORT is "x", allowed: a whole number 1-65535'],
    ['\nLEASH_PROT=1\n', ':2: LEASH_PROT is not a setting'],
    ['what\n', ':1: takes NAME=VALUE, got "what"'],
  ])('names the place of what is wrong: %j', async (text, problem) => {
    await writeFile(file, text);
    const settings = await readSettings({ LEASH_ENV_FILE: file });
    expect(settings.problem).toContain(`${file}${problem}`);
    expect(settings.config.viewerPort).toBe(8090);
  });

  it('names no line for what the environment says', async () => {
    await writeFile(file, 'PORT=1\n');
    const { problem } = await readSettings({ LEASH_ENV_FILE: file, PORT: 'x' });
    expect(problem).toMatch(/^PORT is "x"/);
  });

  it('a file that is named must be there', async () => {
    const { problem, file: read } = await readSettings({ LEASH_ENV_FILE: file });
    expect(problem).toBe(`there is no ${file}, which LEASH_ENV_FILE names`);
    expect(read).toBeNull();
  });
});
