// Starts the benchmark. Node 20 does not read TypeScript; vite, which is here for the page, does.

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [first, ...rest] = process.argv.slice(2);
const others = ['decide', 'verify', 'record', 'viewer', 'fleet/main'];
const isOther = others.includes(first);
const entry = isOther ? `./${first}.ts` : './main.ts';
const main = fileURLToPath(new URL(entry, import.meta.url));
const { module } = await runnerImport(main, { configFile: false, logLevel: 'error' });
process.exitCode = await module.main(isOther ? rest : process.argv.slice(2));
