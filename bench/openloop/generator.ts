// The load generator, a process of its own: what it is to do as one JSON argument, what it found as one
// line of JSON on standard output. Started by child.mjs.

import { generateRequests, type RequestsParameters } from './generate-requests.ts';

export type GeneratorParameters = RequestsParameters;

export async function main(parameters: GeneratorParameters): Promise<void> {
  try {
    const numbers = await generateRequests(parameters);
    process.stdout.write(`${JSON.stringify(numbers)}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
