// docs/reference.md, from the tables in the code.

import { SETTINGS } from '../../../src/shared/config.ts';
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
    '## Routes of the viewer',
    ROUTES,
    routesTable(),
  ].join('\n\n')}\n`;
}

const ENVIRONMENT = `An empty variable counts as absent. An unknown \`LEASH_*\` name or a value that is not allowed stops the
start with exit code 2 and one line that names it; \`LEASH_SERVICE_*\` and \`LEASH_PORT*\` of Kubernetes are
passed over.`;

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

const ROUTES = `All but those for everybody are behind the questions of [viewer.md](viewer.md#who-may). Answers are JSON;
what is wrong with a request is 400 with one sentence (\`error\`). A parameter that is given twice counts as
it was given last.`;

function routesTable(): string {
  const rows = ROUTE_TEXTS.map(({ routes, ask = '', gives }) => [
    routes.map((route) => code(route + ask)).join(', '),
    gives,
  ]);
  return markdownTable([['route', 'gives'], ...rows]);
}
