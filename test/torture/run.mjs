// `npm run torture [-- --long] [FILE...]`: the tests of this folder, short or with the numbers of the
// checks in full. All other arguments are vitest's.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../../node_modules/.bin/vitest', import.meta.url));
const given = process.argv.slice(2);
const isLong = given.includes('--long') || process.env.TORTURE === 'long';
const others = given.filter((argument) => argument !== '--long');
const child = spawn(vitest, ['run', '--project', 'torture', ...others], {
  stdio: 'inherit',
  env: { ...process.env, TORTURE: isLong ? 'long' : '' },
});
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
