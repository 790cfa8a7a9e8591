// Completions as the shells take them, and the man page as man does: made by the built program, read by
// the real programs.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERBS } from '../../src/viewer/cli/verbs.ts';
import { run } from '../support/run-client.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));

let dir: TempDir;
const made = (form: string) => join(dir.path, `leashctl.${form}`);
beforeAll(async () => {
  dir = await tempDir();
  for (const form of ['bash', 'zsh', 'fish', 'man']) {
    const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, 'completion', form]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await writeFile(made(form), stdout);
  }
});
afterAll(() => dir.close());

const firsts = [...new Set(VERBS.map(({ name }) => name.replace(/ .*/, '')))].sort();

/** A command line up to the cursor → what the shell offers. */
type Complete = (line: string) => Promise<string[]>;

const bash: Complete = async (line) => {
  const words = line.split(' ');
  const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leashctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', made('bash'), ...words]);
  // Outside of a completion bash has no options of one to set.
  expect(stderr.replace(/.*compopt: not currently executing.*\n/g, '')).toBe('');
  return offered(stdout);
};

/** zsh completes in a terminal only, so it gets one; Tab lists what it offers. */
const zsh: Complete = async (line) => {
  const script = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1='>'; autoload -Uz compinit; compinit -u -D; source $1"
zpty -w z "comppostfuncs=(list_all); list_all() { print -r -- BEGIN \\\${(j: :)compstate[nmatches]}; }"
zpty -w z "compadd() { [[ \\\${@[(I)-[OAD]]} -gt 0 ]] || { builtin compadd -O __m \\"\\$@\\"; print -rl -- 'OFFER '\\\${^__m} }; builtin compadd \\"\\$@\\" }"
zpty -w z "print READY"
zpty -r -m z all '*READY*READY*'
zpty -w -n z "$2"$'\\t'
zpty -r -m z all '*BEGIN*'
print -r -- $all
zpty -d z`;
  const { stdout } = await run('zsh', ['-f', '-c', script, 'zsh', made('zsh'), line]);
  return offered(stdout.replace(/\r/g, ''), /^.*OFFER (\S+)$/);
};

const fish: Complete = async (line) => {
  const script = 'source $argv[1]; complete -C $argv[2]';
  const { stdout, stderr } = await run('fish', ['--no-config', '-c', script, made('fish'), line]);
  expect(stderr).toBe('');
  return offered(stdout.replace(/\t.*/g, ''));
};

function offered(text: string, pattern = /^(\S+)$/): string[] {
  return [...new Set(text.split('\n').flatMap((row) => pattern.exec(row)?.[1] ?? []))].sort();
}

describe.each([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
] as const)('completions in %s', (_, complete) => {
  it('offers all first words', async () => {
    expect(await complete('leashctl ')).toEqual(firsts);
  });

  it.each([
    ['leashctl ver', ['verify']],
    ['leashctl config ', ['show']],
    ['leashctl mode ', ['audit', 'blocklist', 'enforce']],
    ['leashctl completion f', ['fish']],
    ['leashctl verify --k', ['--key']],
    ['leashctl verify --key abc --ch', ['--checkpoint']],
    ['leashctl config show --o', ['--origin']],
  ])('%j', async (line, words) => {
    expect(await complete(line)).toEqual(words);
  });

  it('offers folders where a folder stands', async () => {
    expect(await complete('leashctl verify /us')).toEqual([
      expect.stringMatching(/^(\/usr|usr)\/?$/),
    ]);
  });
});

describe('the man page', () => {
  it('is read by man without a warning, and has each verb', async () => {
    const { code, stdout, stderr } = await run('man', ['--warnings', '-l', made('man')], {
      env: { MANWIDTH: '80', LC_ALL: 'C.UTF-8' },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { name } of VERBS) expect(stdout).toMatch(new RegExp(`^ {7}${name}\\b`, 'm'));
  });
});
