import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveUsers, shareWithViewer } from '../../../src/primary/users.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

const PASSWD = [
  'root:x:0:0:root:/root:/bin/bash',
  'w:x:101:201::/nonexistent:/usr/sbin/nologin',
  'v:x:102:202::/nonexistent:/usr/sbin/nologin',
  'twin:x:101:203::/:/bin/sh',
  'shared:x:104:201::/:/bin/sh',
  'toor:x:0:7::/:/bin/sh',
  'broken:x',
].join('\n');

describe('resolveUsers()', () => {
  it('resolveUsers() gives the numbers of both, and nothing where none are named', () => {
    expect(resolveUsers({ worker: 'w', viewer: 'v' }, PASSWD, 0)).toEqual({
      worker: { uid: 101, gid: 201 },
      viewer: { uid: 102, gid: 202 },
    });
    expect(resolveUsers('same', PASSWD, 1000)).toBeNull();
  });

  it.each([
    ['w', 'v', 1000, /must be started as root/],
    ['gone', 'v', 0, /no user "gone"; run: useradd --system gone/],
    ['broken', 'v', 0, /no user "broken"/],
    ['toor', 'v', 0, /"toor" has an id of root/],
    ['w', 'twin', 0, /both are one user/],
    ['w', 'shared', 0, /both have one group/],
  ])('resolveUsers() refuses %s and %s as uid %i', (worker, viewer, euid, says) => {
    expect(() => resolveUsers({ worker, viewer }, PASSWD, euid)).toThrow(says);
  });
});

describe('shareWithViewer()', () => {
  let dir: TempDir;
  beforeEach(async () => {
    dir = await tempDir();
  });
  afterEach(() => dir.close());

  it('shareWithViewer() gives the group a token to read and a folder to write, and others nothing', async () => {
    await mkdir(join(dir.path, 'private'), { mode: 0o700 });
    const gid = process.getegid?.() ?? 0;
    for (const token of ['first\n', 'second\n']) {
      await writeFile(join(dir.path, 'private', 'viewer-token'), token);
      await shareWithViewer(dir.path, gid);
      expect(await readFile(join(dir.path, 'viewer', 'token'), 'utf8')).toBe(token);
    }
    const rights = async (name: string) => {
      const facts = await stat(join(dir.path, name));
      return [(facts.mode & 0o777).toString(8), facts.gid];
    };
    expect(await rights('viewer')).toEqual(['750', gid]);
    expect(await rights('viewer/token')).toEqual(['640', gid]);
    expect(await rights('index')).toEqual(['770', gid]);
    expect(await rights('private')).toEqual(['700', gid]);
  });
});
