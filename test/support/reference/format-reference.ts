// docs/reference.md, from the tables in the code.

import { SETTINGS } from '../../../src/shared/config.ts';
import { ENV_FILE, ENV_FILE_VARIABLE } from '../../../src/viewer/cli/settings/read-settings.ts';
import { usageOf } from '../../../src/viewer/cli/table/help-text.ts';
import {
  COMMON_OPTIONS,
  EXIT,
  EXITS,
  type ExitName,
  optionText,
} from '../../../src/viewer/cli/table/verb.ts';
import { VERBS } from '../../../src/viewer/cli/verbs.ts';
import { ROUTE_TEXTS } from './routes.ts';
import { code, markdownTable } from './table.ts';

/** The whole text. `npm run reference` writes it. */
export function formatReference(): string {
  return `${[
    '# Reference',
    'Written by `npm run reference` from the tables in the code; a test holds it to them.',
    '## Environment',
    ENVIRONMENT,
    settingsTable(),
    '## leashctl',
    LEASHCTL,
    verbsTable(),
    optionsTable(),
    exitsTable(),
    '## Routes of the viewer',
    ROUTES,
    routesTable(),
  ].join('\n\n')}\n`;
}

const ENVIRONMENT = `An empty variable counts as absent. An unknown \`LEASH_*\` name or a value that is not allowed stops the
start with exit code 2 and one line that names it; \`LEASH_SERVICE_*\` and \`LEASH_PORT*\` of Kubernetes are
passed over. \`leashctl\` also reads what the environment lacks from \`${ENV_FILE}\`, or from the file
that \`${ENV_FILE_VARIABLE}\` names.`;

function settingsTable(): string {
  const rows = Object.values(SETTINGS)
    .map(({ name, fallback, allowed, why }) => [
      code(name),
      fallback === '' ? '' : code(fallback),
      why,
      allowed,
    ])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return markdownTable([['variable', 'default', 'meaning', 'allowed'], ...rows]);
}

const LEASHCTL = `\`leashctl help VERB\` says more, with examples; so does [leashctl.md](leashctl.md).`;

function verbsTable(): string {
  const rows = VERBS.map((verb) => [code(usageOf(verb)), verb.help]);
  return markdownTable([['verb', 'what it does'], ...rows]);
}

function optionsTable(): string {
  const row = (name: string) => (option: (typeof COMMON_OPTIONS)[number]) => [
    name,
    code(optionText(option)),
    option.help,
  ];
  const own = VERBS.flatMap(({ name, options = [] }) => options.map(row(code(name))));
  return markdownTable([['verb', 'option', 'meaning'], ...COMMON_OPTIONS.map(row('each')), ...own]);
}

function exitsTable(): string {
  const names = Object.keys(EXITS) as ExitName[];
  const rows = names.map((name) => [code(String(EXIT[name])), EXITS[name]]);
  return markdownTable([['exit code', 'meaning'], ...rows]);
}

const ROUTES = `All but those for everybody are behind the questions of [viewer.md](viewer.md#who-may-see-and-change-what). Answers are JSON;
what is wrong with a request is 400 with one sentence (\`error\`). A parameter that is given twice counts as
it was given last.`;

function routesTable(): string {
  const rows = ROUTE_TEXTS.map(({ routes, ask = '', gives }) => [
    routes.map((route) => code(route + ask)).join(', '),
    gives,
  ]);
  return markdownTable([['route', 'gives'], ...rows]);
}
