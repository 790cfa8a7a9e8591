// One request → the entry of a rule file that names it and little else: host, port, method and the
// folder of its path. Pure. What comes out was read by the parser of the files.

import { parsePath } from '../../shared/host.ts';
import { isProblems, parseRules } from '../../shared/policy-file.ts';

export type RuleFacts = {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** As sent, query included; empty: only the host is known. */
  readonly path: string;
};

const LISTS = { 'enforce.yaml': 'allow', 'blocklist.yaml': 'block' } as const;

/** The YAML of a file with this one entry, or null where no valid entry can name the request. */
export function ruleEntry(file: keyof typeof LISTS, facts: RuleFacts): string | null {
  const path = facts.path === '' ? null : parsePath(facts.path);
  const isClear = path !== null && !('problem' in path) && !path.ambiguous;
  const prefix = isClear && path.path.startsWith('/') ? folderOf(path.path) : '';
  const condition = { ...(facts.method && { method: facts.method }), ...(prefix && { prefix }) };
  const lines = [
    `${LISTS[file]}:`,
    ...(facts.path === '' ? [] : widthNote(prefix)),
    // JSON is YAML: a text in its quotes cannot mean anything else.
    `  - host: ${JSON.stringify(facts.host)}`,
    `    ports: [${facts.port}]`,
    '    subdomains: false',
    ...(Object.keys(condition).length === 0 || facts.path === ''
      ? []
      : ['    paths:', `      - ${flow(condition)}`]),
  ];
  const text = `${lines.join('\n')}\n`;
  return isProblems(parseRules(file, text)) ? null : text;
}

/** `/v1/messages/123` → `/v1/messages/`; what stands at the top is named whole. */
function folderOf(path: string): string {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return folder === '/' ? path : folder;
}

/** Says above the entry where it names more than the path that was asked for. */
function widthNote(prefix: string): string[] {
  if (prefix === '' || prefix === '/') return ['  # any path of this host'];
  return prefix.endsWith('/') ? [] : ['  # any path that begins with this prefix'];
}

function flow(fields: Readonly<Record<string, string>>): string {
  const members = Object.entries(fields).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}`,
  );
  return `{ ${members.join(', ')} }`;
}
