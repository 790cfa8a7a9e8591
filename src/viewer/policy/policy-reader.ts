// Reads the policy folder for display, and the networks of agents for the guard.
// What is in force is the primary's word (status file); this is what stands in the files.

import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '../../shared/limits.ts';
import { isCutOff, isProblems, parseAgents } from '../../shared/policy-file.ts';
import { POLICY_FILES } from '../../shared/policy-source.ts';

/** `mode` is a word, not a text. */
const TEXT_FILES = POLICY_FILES.filter((name) => name !== 'mode');

export type PolicyTexts = {
  /** As the file says; empty = no file. */
  readonly mode: string;
  /** File name → text, for those that exist. */
  readonly files: Readonly<Record<string, string>>;
};

/** The folder's files as text. */
export async function readPolicy(policyDir: string): Promise<PolicyTexts> {
  const files: Record<string, string> = {};
  for (const name of TEXT_FILES) {
    const text = await readText(join(policyDir, name));
    if (text !== null) files[name] = text;
  }
  return { mode: ((await readText(join(policyDir, 'mode'))) ?? '').trim().slice(0, 64), files };
}

/**
 * The networks whose machines are agents. Looks at the file before each answer, so that an edit
 * counts at once.
 *
 * Invariant: a file that does not parse, or is gone, leaves the last good networks in force.
 */
export class AgentNetworks {
  readonly #path: string;
  #version = '';
  #networks: readonly string[] | null = null;

  constructor(policyDir: string) {
    this.#path = join(policyDir, 'agents.yaml');
  }

  /** Null: there is a file, and none since this start was good. */
  async read(): Promise<readonly string[] | null> {
    const facts = await stat(this.#path, { bigint: true }).catch((error: unknown) =>
      isMissing(error) ? 'missing' : 'unreadable',
    );
    if (facts === 'missing') return this.#networks ?? [];
    if (typeof facts === 'string') return this.#networks;
    const version = `${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
    if (version === this.#version) return this.#networks;
    const text = await readText(this.#path).catch(() => null);
    // As for the primary: what was cut off or emptied changes nothing.
    const isBroken = text === null || isCutOff(text) || (text === '' && this.#networks !== null);
    const agents = isBroken ? null : parseAgents(text);
    if (agents !== null && !isProblems(agents)) {
      // A named agent is an agent, also where `agent_networks` forgets its network.
      this.#networks = [...agents.agentNetworks, ...agents.agents.flatMap((one) => one.networks)];
    }
    this.#version = version;
    return this.#networks;
  }
}

async function readText(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    // The primary refuses it, too; the beginning alone would say something else than the whole.
    if (size > LIMITS.policyFileBytes) return null;
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
