// Reads the policy folder, for display and for changes, and the networks of agents for the guard. What is
// in force is the primary's word (status file); this is what stands in the files.

import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';
import { isCutOff, isProblems, type PolicyProblem, parseAgents } from '../../shared/policy-file.ts';
import { POLICY_FILES, type PolicyFile } from '../../shared/policy-source.ts';

/** What stands in the folder. */
export type PolicyTexts = {
  /** File name → text, for those that are there and could be read. */
  readonly texts: Readonly<Record<string, string>>;
  /** Why others could not. */
  readonly problems: readonly PolicyProblem[];
};

/** A file that is there and was not read, and why; `code` is that of the system, or empty. */
export type Unread = { readonly message: string; readonly code: string };

/** Longer than any mode, and short enough to be shown. */
const MODE_CHARS = 64;

/** All policy files as they stand. */
export async function readPolicy(policyDir: string): Promise<PolicyTexts> {
  const texts: Record<string, string> = {};
  const problems: PolicyProblem[] = [];
  for (const file of POLICY_FILES) {
    const text = await readPolicyFile(policyDir, file);
    if (typeof text === 'string') texts[file] = text;
    else if (text !== null) problems.push({ file, line: 1, column: 1, message: text.message });
  }
  return { texts, problems };
}

/** The word in the file `mode`; empty: there is none. */
export async function readMode(policyDir: string): Promise<string> {
  const text = await readPolicyFile(policyDir, 'mode');
  return typeof text === 'string' ? text.trim().slice(0, MODE_CHARS) : '';
}

/** One file as text, null where there is none. What the primary refuses to read is not read here. */
export async function readPolicyFile(
  policyDir: string,
  file: PolicyFile,
): Promise<string | null | Unread> {
  try {
    return await readText(join(policyDir, file));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return null;
    return unread(code, error instanceof Error && 'code' in error ? code : '');
  }
}

/**
 * The networks whose machines are agents. Looks at the file before each answer, so that an edit
 * counts at once.
 *
 * Invariant: a file that does not parse, or is gone, leaves the last good networks in force.
 */
export class AgentNetworks {
  readonly #dir: string;
  #version = '';
  #networks: readonly string[] | null = null;

  constructor(policyDir: string) {
    this.#dir = policyDir;
  }

  /** Null: there is a file, and none since this start was good. */
  async read(): Promise<readonly string[] | null> {
    const facts = await stat(join(this.#dir, 'agents.yaml'), { bigint: true }).catch(
      (error: unknown) => (codeOf(error) === 'ENOENT' ? 'missing' : 'unreadable'),
    );
    if (facts === 'missing') return this.#networks ?? [];
    if (typeof facts === 'string') return this.#networks;
    const version = `${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
    if (version === this.#version) return this.#networks;
    const text = await readPolicyFile(this.#dir, 'agents.yaml');
    // As for the primary: what was cut off or emptied changes nothing.
    const isBroken =
      typeof text !== 'string' || isCutOff(text) || (text === '' && this.#networks !== null);
    const agents = isBroken ? null : parseAgents(text);
    if (agents !== null && !isProblems(agents)) {
      // A named agent is an agent, also where `agent_networks` forgets its network.
      this.#networks = [...agents.agentNetworks, ...agents.agents.flatMap((one) => one.networks)];
    }
    this.#version = version;
    return this.#networks;
  }
}

async function readText(path: string): Promise<string | Unread> {
  // Without O_NONBLOCK a named pipe in the place of the file would hold us for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const facts = await file.stat();
    if (!facts.isFile()) return unread('it is not a regular file');
    // The beginning alone would say something else than the whole.
    if (facts.size > LIMITS.policyFileBytes) {
      return unread(`it must be at most ${LIMITS.policyFileBytes} bytes, it has ${facts.size}`);
    }
    const buffer = Buffer.alloc(facts.size);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return decode(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Byte for byte: the hash of the text is that of the file. */
function decode(bytes: Uint8Array): string | Unread {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return unread('it is not UTF-8');
  }
}

function unread(why: string, code = ''): Unread {
  return { message: `Cannot read policy file: ${why}`, code };
}
