// What the documents name is there, and what is there is named.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../src/shared/config.ts';
import { ENV_FILE_VARIABLE } from '../src/viewer/cli/settings/read-settings.ts';
import { COMMON_OPTIONS } from '../src/viewer/cli/table/verb.ts';
import { VERBS } from '../src/viewer/cli/verbs.ts';
import { formatReference } from './support/reference/format-reference.ts';
import { ROUTE_TEXTS } from './support/reference/routes.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCS = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** A command line, to the end of its code. */
const LEASHCTL = /(?:^|[`/ ])leashctl ([a-z][^`|\n#;]*)/gm;
const OPTION = /--[a-z][a-z-]*/g;
/** Those of its verbs install and uninstall. */
const SETUP_OPTIONS = read('deploy/install/install.sh')
  .split('\n')
  .filter((line) => /^ +--[a-z|=* -]+\)/.test(line))
  .flatMap((line) => line.split(')')[0]?.match(OPTION) ?? []);
const SCRIPTS: Record<string, string> = JSON.parse(read('package.json')).scripts;

it('docs/reference.md says what the tables say', async () => {
  await expect(formatReference()).toMatchFileSnapshot(join(ROOT, 'docs/reference.md'));
});

describe.each(DOCS)('%s', (path) => {
  const text = read(path);

  it('names settings that there are', () => {
    const known = [ENV_FILE_VARIABLE, ...Object.values(SETTINGS).map(({ name }) => name)];
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

  it('names options of setup.sh that there are', () => {
    const lines = text.split('\n').filter((line) => line.includes('./setup.sh'));
    const named = lines.flatMap((line) => line.split('#')[0]?.match(OPTION) ?? []);
    expect(named.filter((option) => !SETUP_OPTIONS.includes(option))).toEqual([]);
  });

  it('names routes of the viewer that there are', () => {
    const patterns = ROUTE_TEXTS.flatMap(({ routes }) =>
      routes.map((route) => route.split(' ')[1]),
    );
    const known = [...patterns, ...patterns.flatMap((pattern = '') => spelledOut(pattern))];
    const named = [...text.matchAll(/\/api\/[a-z./:{},]*[a-z}]/g)].map(([route]) => route);
    expect(named.filter((route) => !known.includes(route))).toEqual([]);
  });

  it('names verbs of leashctl that there are, with options that they have', () => {
    expect([...text.matchAll(LEASHCTL)].flatMap(([, words = '']) => unknownOf(words))).toEqual([]);
  });

  it('links to files that there are', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, to = '']) => to);
    expect(links.filter((to) => !existsSync(join(ROOT, dirname(path), to)))).toEqual([]);
  });
});

/** `/{a,b}/{c,d}` → each of the four. */
function spelledOut(pattern: string): string[] {
  const group = /\{([^}]+)\}/.exec(pattern);
  if (group === null) return [pattern];
  const [whole, words = ''] = group;
  return words.split(',').flatMap((word) => spelledOut(pattern.replace(whole, word)));
}

/** What of a command line, behind the program's name, is not in the table of verbs. */
function unknownOf(words: string): string[] {
  const verb = VERBS.find(({ name }) => `${words} `.startsWith(`${name} `));
  if (verb === undefined) return [words];
  const known = [...COMMON_OPTIONS, ...(verb.options ?? [])].flatMap(({ name, short = '' }) => [
    name,
    short,
  ]);
  const options = words.split(' ').filter((word) => /^--?[a-z]/.test(word));
  return options.filter((option) => !known.includes(option)).map((option) => `${words}: ${option}`);
}

it('docs/deployment.md names each option of setup.sh', () => {
  const text = read('docs/deployment.md');
  expect(SETUP_OPTIONS.filter((option) => !text.includes(option))).toEqual([]);
});

it('CONTRIBUTING.md names each script that is for people', () => {
  const text = read('CONTRIBUTING.md');
  const named = (script: string) =>
    text.includes(`npm run ${script}`) || text.includes(`npm ${script}`);
  expect(Object.keys(SCRIPTS).filter((script) => !named(script) && script !== 'start')).toEqual([]);
});
