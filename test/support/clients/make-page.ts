// A page with style, scripts, pictures and a request of its own, as files for `fileRoutes`.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededBytes } from './seeded-bytes.ts';

export type Page = {
  /** Paths of what the page loads, itself first. */
  readonly paths: readonly string[];
  /** What its title becomes when all of it is there. */
  readonly title: string;
};

const PICTURES = 16;
const DATA_BYTES = 200_000;

export async function makePage(dir: string): Promise<Page> {
  await mkdir(join(dir, 'assets'), { recursive: true });
  const paths = ['/', '/assets/style.css', '/assets/script.js', '/assets/data.bin'];
  await writeFile(join(dir, 'assets/style.css'), 'body { color: rgb(1, 2, 3); }');
  await writeFile(join(dir, 'assets/data.bin'), seededBytes(1, DATA_BYTES));
  let pictures = '';
  for (let n = 0; n < PICTURES; n += 1) {
    const path = `/assets/picture-${n}.svg`;
    paths.push(path);
    pictures += `<img src="${path}">`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>${n}</text></svg>`;
    await writeFile(join(dir, path), svg);
  }
  await writeFile(join(dir, 'assets/script.js'), SCRIPT);
  const icon = '<link rel="icon" href="data:,">';
  const head = `${icon}<link rel="stylesheet" href="/assets/style.css"><script defer src="/assets/script.js"></script>`;
  await writeFile(join(dir, 'index.html'), `<!DOCTYPE html><head>${head}</head><body>${pictures}`);
  return { paths, title: `${PICTURES} pictures, ${DATA_BYTES} bytes, rgb(1, 2, 3)` };
}

const SCRIPT = `addEventListener('load', async () => {
  const drawn = [...document.images].filter((image) => image.naturalWidth === 10);
  const data = await (await fetch('/assets/data.bin')).arrayBuffer();
  const { color } = getComputedStyle(document.body);
  document.title = drawn.length + ' pictures, ' + data.byteLength + ' bytes, ' + color;
});
`;
