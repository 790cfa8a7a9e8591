import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { lchown, mkdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  inodeOf,
  readContent,
  readFingerprint,
} from '../../../../src/primary/policy/policy-read.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';

const NAME = 'enforce.yaml';

describe('policy files on disk', () => {
  let temp: TempDir;
  let file: string;

  beforeEach(async () => {
    temp = await tempDir();
    file = join(temp.path, NAME);
  });
  afterEach(() => temp.close());

  const fingerprint = (name = NAME) => readFingerprint(temp.path, name);
  const content = (seen: string) => readContent(temp.path, NAME, seen);
  const contentNow = async () => content(await fingerprint());

  it('readContent() gives text and hash of the whole file', async () => {
    const text = `# ü\r\n${'x'.repeat(200_000)}`;
    await writeFile(file, text);
    expect(await contentNow()).toEqual({
      kind: 'text',
      text,
      sha256: createHash('sha256').update(text).digest('hex'),
    });
    await writeFile(file, '');
    expect(await contentNow()).toMatchObject({ kind: 'text', text: '' });
  });

  it('never the half of a file: what changed while it was read does not count as read', async () => {
    await writeFile(file, 'allow: [a.test]\n');
    const changes = [
      () => appendFileSync(file, '# more\n'),
      () => truncateSync(file, 3),
      () => writeFileSync(file, 'allow: [b.test]\n'),
    ];
    for (const change of changes) {
      const seen = await fingerprint();
      change();
      expect(await content(seen)).toEqual({ kind: 'changed' });
      expect(await contentNow()).toMatchObject({ kind: 'text' });
    }
  });

  it('readContent() notices an edit of the same length whose time was set back', async () => {
    const write = async (text: string) => {
      await writeFile(file, text);
      await utimes(file, 1000, 1000);
    };
    await write('allow: [a.test]\n');
    const seen = await fingerprint();
    // The clock of the file system ticks every few milliseconds only.
    const changed = async () => {
      await write('allow: [b.test]\n');
      return (await content(seen)).kind === 'changed';
    };
    expect(await waitFor(changed, { what: 'the change', everyMs: 1 })).toBe(true);
  });

  it('readContent() does not take what was renamed into the place for what was seen', async () => {
    await writeFile(file, 'old');
    const seen = await fingerprint();
    await writeFile(`${file}.tmp`, 'new');
    await rename(`${file}.tmp`, file);
    expect(await content(seen)).toEqual({ kind: 'changed' });
    await rm(file);
    expect(await content(seen)).toEqual({ kind: 'changed' });
  });

  it('a file that grows all the time never gives a text that it did not have', async () => {
    await writeFile(file, '');
    let writing = true;
    const writer = (async () => {
      while (writing) await writeFile(file, 'line\n', { flag: 'a' });
    })();
    const whole: boolean[] = [];
    for (let i = 0; i < 200; i += 1) {
      const seen = await fingerprint();
      const found = await content(seen);
      if (found.kind === 'text') whole.push(`${found.text.length}` === seen.split(' ')[1]);
      else expect(found).toEqual({ kind: 'changed' });
    }
    writing = false;
    await writer;
    expect(whole).not.toContain(false);
    expect(await contentNow()).toMatchObject({ kind: 'text' });
  });

  it('readFingerprint() is the same as long as nothing changes, and follows symlinks', async () => {
    expect(await fingerprint()).toBe('');
    await writeFile(join(temp.path, 'real'), 'a');
    await symlink('real', file);
    const first = await fingerprint();
    expect(await fingerprint()).toBe(first);
    expect(first).toBe(await fingerprint('real'));
    expect(inodeOf(first)).toBe(String((await stat(file)).ino));
    await writeFile(join(temp.path, 'real'), 'bb');
    expect(await fingerprint()).not.toBe(first);
    expect(inodeOf(await fingerprint())).toBe(inodeOf(first));
  });

  it('where root reads, a link is followed only if root made it; the viewer may write the folder', async () => {
    await writeFile(join(temp.path, 'secret'), 'key');
    await symlink('secret', file);
    expect(await contentNow()).toMatchObject({ kind: 'text', text: 'key' });
    if (process.geteuid?.() !== 0) return;
    await lchown(file, 65_534, 65_534);
    expect(await contentNow()).toEqual({
      kind: 'unreadable',
      message: 'Cannot read policy file: it is a link that root did not make',
    });
  });

  it('readFingerprint() takes a missing folder for a missing file, and an error for itself', async () => {
    expect(await readFingerprint(join(temp.path, 'none'), NAME)).toBe('');
    await writeFile(file, '');
    expect(await readFingerprint(file, NAME)).toBe('');
    symlinkSync(NAME, join(temp.path, 'loop'));
    await rm(file);
    symlinkSync('loop', file);
    expect(await fingerprint()).toBe('ELOOP');
    expect(await contentNow()).toEqual({
      kind: 'unreadable',
      message: 'Cannot read policy file: ELOOP',
    });
  });

  it('readContent() says why a file cannot be read', async () => {
    await writeFile(file, Buffer.from([0x61, 0xff]));
    expect(await contentNow()).toMatchObject({ message: expect.stringContaining('not UTF-8') });
    await rm(file);
    await mkdir(file);
    expect(await contentNow()).toMatchObject({
      kind: 'unreadable',
      message: 'Cannot read policy file: it is not a regular file',
    });
  });

  it('readContent() does not wait for the writer of a named pipe', async () => {
    execFileSync('mkfifo', [file]);
    expect(await contentNow()).toMatchObject({
      message: expect.stringContaining('not a regular file'),
    });
  });

  it('readContent() refuses a file that is too long without reading it', async () => {
    await writeFile(file, 'a');
    truncateSync(file, LIMITS.policyFileBytes);
    expect(await contentNow()).toMatchObject({ kind: 'text' });
    truncateSync(file, 2 ** 40);
    expect(await contentNow()).toEqual({
      kind: 'unreadable',
      message: `Cannot read policy file: it must be at most ${LIMITS.policyFileBytes} bytes, it has ${2 ** 40}`,
    });
  });
});
