// The table of verbs itself, and what is made of it.

import { describe, expect, it } from 'vitest';
import { helpOf, helpOfAll, tableJson } from '../../../../../src/viewer/cli/table/help-text.ts';
import { manPage } from '../../../../../src/viewer/cli/table/man-page.ts';
import { COMMON_OPTIONS, GROUPS } from '../../../../../src/viewer/cli/table/verb.ts';
import { VERBS } from '../../../../../src/viewer/cli/verbs.ts';

describe('the table', () => {
  it('has each verb once, under one or two words, and no verb that is the first word of another', () => {
    const names = VERBS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(/^[a-z]+( [a-z]+)?$/);
      expect(names.filter((other) => other.startsWith(`${name} `))).toEqual([]);
    }
  });

  it.each(VERBS.map((verb) => [verb.name, verb] as const))('%s has a row that holds', (_, verb) => {
    const { positionals = [], options = [], examples = [] } = verb;
    expect(Object.keys(GROUPS)).toContain(verb.group);
    expect(verb.help).toMatch(/^\S.{8,90}$/);
    const names = [...options, ...COMMON_OPTIONS].flatMap(({ name, short }) => [
      name,
      short ?? name,
    ]);
    expect(new Set(names).size).toBe(new Set([...options, ...COMMON_OPTIONS]).size + shorts());
    for (const row of positionals.slice(0, -1)) expect(row.isRest ?? false).toBe(false);
    const first = positionals.findIndex(({ isOptional }) => isOptional === true);
    if (first !== -1) {
      expect(positionals.slice(first).every(({ isOptional }) => isOptional)).toBe(true);
    }
    for (const { command } of examples) expect(command).toContain(`leashctl ${verb.name}`);
    function shorts() {
      return [...options, ...COMMON_OPTIONS].filter(({ short }) => short !== undefined).length;
    }
  });

  it('shells can quote each of its words', () => {
    const words = VERBS.flatMap(({ positionals = [], options = [] }) =>
      [...positionals, ...options].flatMap((row) => row.words ?? []),
    );
    for (const word of words) expect(word).toMatch(/^[\w./-]+$/);
  });
});

describe('what is made of the table', () => {
  it('helpOfAll() has a line for each verb', () => {
    const text = helpOfAll(VERBS);
    for (const { name, help } of VERBS) {
      expect(text).toMatch(new RegExp(`^  ${name} +`, 'm'));
      expect(text).toContain(help);
    }
  });

  it.each(VERBS.map((verb) => [verb.name, verb] as const))(
    'helpOf() and the man page say all of %s',
    (_, verb) => {
      const help = helpOf(verb);
      const plain = (text: string) => text.replace(/\\-/g, '-').replace(/\\f[BIR]/g, '');
      const man = plain(manPage(VERBS));
      expect(help).toMatch(new RegExp(`^usage: leashctl ${verb.name}`));
      for (const { name } of verb.options ?? []) {
        expect(help).toContain(name);
        expect(man).toContain(name);
      }
      for (const { command } of verb.examples ?? []) {
        expect(help).toContain(command);
        expect(man).toContain(command);
      }
      expect(help).toContain('\nExit codes\n  0 ');
    },
  );

  it('tableJson() is stable: a reference is made of it', () => {
    const table = JSON.parse(JSON.stringify(tableJson(VERBS)));
    expect(Object.keys(table)).toEqual(['verbs', 'options', 'exits']);
    expect(table.exits.map(({ code }: { code: number }) => code)).toEqual([
      0, 1, 2, 3, 4, 5, 69, 77, 130,
    ]);
    expect(table.verbs.find(({ name }: { name: string }) => name === 'verify')).toMatchObject({
      usage: 'leashctl verify [FOLDER] [options]',
      arguments: [{ name: 'FOLDER', words: [], optional: true, rest: false }],
      exits: [
        { code: 0 },
        { code: 1, meaning: 'there is nothing to verify' },
        { code: 2 },
        { code: 5 },
        { code: 77 },
      ],
    });
  });
});
