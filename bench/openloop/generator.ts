// The load generator, a process of its own: what it is to do as one JSON argument, what it found as one
// line of JSON on standard output. Started by child.mjs.

import type { Numbers } from './distribution.ts';
import { generateIdle, type IdleParameters } from './generate-idle.ts';
import { generateRequests, type RequestsParameters } from './generate-requests.ts';
import { generateStreams, type StreamsParameters } from './generate-streams.ts';
import { generateTunnels, type TunnelsParameters } from './generate-tunnels.ts';

export type GeneratorParameters =
  | RequestsParameters
  | TunnelsParameters
  | StreamsParameters
  | IdleParameters;

export async function main(parameters: GeneratorParameters): Promise<void> {
  try {
    const numbers = await generate(parameters);
    process.stdout.write(`${JSON.stringify(numbers)}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function generate(parameters: GeneratorParameters): Promise<Numbers> {
  if (parameters.kind === 'requests') return generateRequests(parameters);
  if (parameters.kind === 'tunnels') return generateTunnels(parameters);
  if (parameters.kind === 'streams') return generateStreams(parameters);
  return generateIdle(parameters);
}
