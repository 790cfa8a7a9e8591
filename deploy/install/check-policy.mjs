// The policy files of a folder, read as leash reads them: check-policy.mjs FOLDER. Prints what is
// wrong, a line each, and ends with 1 where anything is. Changes nothing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isProblems,
  parseAgents,
  parseMode,
  parseNetwork,
  parseRules,
} from '../../dist/shared/policy-file.js';

const folder = process.argv[2] ?? '/etc/leash';
const FILES = {
  mode: parseMode,
  'enforce.yaml': (text) => parseRules('enforce.yaml', text),
  'enforce.local.yaml': (text) => parseRules('enforce.local.yaml', text),
  'blocklist.yaml': (text) => parseRules('blocklist.yaml', text),
  'blocklist.local.yaml': (text) => parseRules('blocklist.local.yaml', text),
  'agents.yaml': parseAgents,
  'network.yaml': parseNetwork,
};

let wrong = 0;
for (const [file, parse] of Object.entries(FILES)) {
  const path = join(folder, file);
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') continue;
    throw error;
  }
  const parsed = parse(text);
  for (const { line, column, message } of isProblems(parsed) ? parsed : []) {
    wrong += 1;
    process.stdout.write(
      `${path}:${line}:${column}: ${message.replace(/[\p{Cc}\p{Cf}]/gu, '?')}\n`,
    );
  }
}
process.exitCode = wrong > 0 ? 1 : 0;
