// Runs one TypeScript file of this folder as a process of its own: its main() gets the argument, one
// JSON value. vite reads the TypeScript, as it does for the benchmark itself.
//
// child.mjs FILE JSON

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [file, parameters] = process.argv.slice(2);
const path = fileURLToPath(new URL(file, import.meta.url));
const { module } = await runnerImport(path, { configFile: false, logLevel: 'error' });
await module.main(JSON.parse(parameters));
