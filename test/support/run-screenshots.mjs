// Starts `screenshots.ts`. Node 20 does not read TypeScript; vite, which is here for the page, does.

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const main = fileURLToPath(new URL('./screenshots.ts', import.meta.url));
const { module } = await runnerImport(main, { configFile: false, logLevel: 'error' });
await module.main(process.argv.slice(2));
