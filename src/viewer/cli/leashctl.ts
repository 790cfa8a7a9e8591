#!/usr/bin/env node
// `leashctl`: the operator's command line. Only the process's edges; the verbs are in run-verb.ts.

import { runVerb } from './run-verb.ts';

process.exitCode = await runVerb(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  async input() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('latin1');
  },
  terminal: process.stderr.isTTY
    ? { columns: process.stderr.columns, write: (text) => process.stderr.write(text) }
    : undefined,
});
