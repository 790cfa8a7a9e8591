// What the documents name is there, and what is there is named.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../src/shared/config.ts';
import { formatReference } from './support/reference/format-reference.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCS = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const SCRIPTS: Record<string, string> = JSON.parse(read('package.json')).scripts;

it('docs/reference.md says what the tables say', async () => {
  await expect(formatReference()).toMatchFileSnapshot(join(ROOT, 'docs/reference.md'));
});

describe.each(DOCS)('%s', (path) => {
  const text = read(path);

  it('names settings that there are', () => {
    const known = Object.values(SETTINGS).map(({ name }) => name);
    const named = [...text.matchAll(/\bLEASH_[A-Z_]*[A-Z]\b(?!\*)/g)].map(([name]) => name);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names scripts that there are', () => {
    const named = [...text.matchAll(/npm run (?:-s |--silent )?([a-z][\w:]*)/g)];
    const unknown = named.map(([, name = '']) => name).filter((name) => !(name in SCRIPTS));
    expect(unknown).toEqual([]);
  });

  it('names verbs of setup.sh that there are', () => {
    const verbs = [...read('setup.sh').matchAll(/^ {4}([a-z| ]+)\)/gm)].flatMap(([, words = '']) =>
      words.split(' | '),
    );
    const named = [...text.matchAll(/\.\/setup\.sh ([a-z]+)/g)].map(([, verb = '']) => verb);
    expect(named.filter((verb) => !verbs.includes(verb))).toEqual([]);
  });

  it('links to files that there are', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, to = '']) => to);
    expect(links.filter((to) => !existsSync(join(ROOT, dirname(path), to)))).toEqual([]);
  });
});

it('CONTRIBUTING.md names each script that is for people', () => {
  const text = read('CONTRIBUTING.md');
  const named = (script: string) =>
    text.includes(`npm run ${script}`) || text.includes(`npm ${script}`);
  expect(Object.keys(SCRIPTS).filter((script) => !named(script) && script !== 'start')).toEqual([]);
});
