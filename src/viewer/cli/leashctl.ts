#!/usr/bin/env node
// `leashctl`: the operator's command line. Only the process's edges; the verbs are in verbs.ts.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { runVerb } from './run-verb.ts';

const { stdin, stdout, stderr } = process;

// Who reads the output may have had enough (`| head`): that is no failure.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Ctrl-C and Ctrl-D are an answer, too. */
function ask(question: string): Promise<string | null> {
  const lines = createInterface({ input: stdin, output: stderr });
  return new Promise((resolve) => {
    lines.once('close', () => {
      stderr.write('\n');
      resolve(null);
    });
    lines.question(question, (answer) => {
      lines.removeAllListeners('close');
      lines.close();
      resolve(answer);
    });
  });
}

/** From the first call on Ctrl-C ends the verb and not the process; a second one does. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort();
    process.once('SIGINT', () => process.exit(130));
  });
  return controller.signal;
}

process.exitCode = await runVerb(process.argv.slice(2), {
  env: process.env,
  out: (text) => stdout.write(`${text}\n`),
  async write(chunk) {
    if (!stdout.write(chunk)) await once(stdout, 'drain');
  },
  err: (text) => stderr.write(`${text}\n`),
  async input() {
    const chunks: Buffer[] = [];
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('latin1');
  },
  terminal: stderr.isTTY
    ? { columns: stderr.columns, write: (text) => stderr.write(text) }
    : undefined,
  screen: stdout.isTTY ? { columns: stdout.columns } : undefined,
  ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
  interrupted,
});
