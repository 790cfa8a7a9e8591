// The page's files, read once at start. A request is looked up by its exact path in a table, so no
// path of a request ever reaches the file system.

import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

type UiFile = { readonly body: Buffer; readonly type: string; readonly immutable: boolean };

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Folder of the built page → path in the address → file. Empty where it is not built. */
export async function loadUi(uiDir: string): Promise<ReadonlyMap<string, UiFile>> {
  const files = new Map<string, UiFile>();
  const entries = await readdir(uiDir, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const name = `/${relative(uiDir, path).split(sep).join('/')}`;
    // The bundler puts a hash of the content into the names of assets.
    files.set(name, { body: await readFile(path), type, immutable: name.startsWith('/assets/') });
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}
