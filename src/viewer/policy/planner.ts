// Has edits of policy files worked out without holding up the viewer: short files at once, longer ones
// in a thread. Only the edge to the package, and the policy that was compiled last.

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { compilePolicy, type Policy } from '../../shared/policy.ts';
import type { PolicySource } from '../../shared/policy-source.ts';
import { type PlanResults, type PlanTask, runPlanTask } from './edit-plan.ts';
import type { PolicyTexts } from './policy-reader.ts';
import { hashOf } from './policy-write.ts';

/** Files of this length are parsed in some milliseconds, less than a thread takes to start. */
const AT_ONCE_CHARS = 4096;
/** Each entry of a change has the text parsed once more. */
const CHARS_PER_ENTRY = 1000;
const TASK = fileURLToPath(new URL('./edit-plan.js', import.meta.url));

/** The policy as its files say it now, or `enforce.yaml:2: …`: what is wrong with one of them. */
export type PolicyNow =
  | { readonly source: PolicySource; readonly policy: Policy }
  | { readonly problem: string };

/** What to answer where a file is wrong: what is in force is not known here. */
export function brokenFile({ problem }: { readonly problem: string }): { error: string } {
  return { error: `a file is wrong: ${problem}` };
}

export class Planner {
  readonly #atOnceChars: number;
  #pool: Piscina | null = null;
  #current: { readonly hash: string; readonly now: PolicyNow } | null = null;

  /** `atOnceChars`: of a process that has nobody else to serve, infinite. */
  constructor(atOnceChars = AT_ONCE_CHARS) {
    this.#atOnceChars = atOnceChars;
  }

  /** Works out one task. */
  async run<K extends PlanTask['kind']>(
    task: Extract<PlanTask, { kind: K }>,
  ): Promise<PlanResults[K]> {
    if (charsOf(task) <= this.#atOnceChars) return runPlanTask(task) as PlanResults[K];
    this.#pool ??= new Piscina({
      filename: TASK,
      name: 'runPlanTask',
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 10_000,
      recordTiming: false,
    });
    return this.#pool.run(task);
  }

  /**
   * What the files say together. Where one is wrong the primary holds on to an older text of it, which
   * is not known here: then there is a problem and no policy. Remembered while they stay.
   */
  async policyOf(files: PolicyTexts): Promise<PolicyNow> {
    const hash = hashOf(JSON.stringify(files));
    if (this.#current?.hash === hash) return this.#current.now;
    const { source, problem } = await this.run<'join'>({ kind: 'join', files });
    const now = problem === '' ? { source, policy: compilePolicy(1, source) } : { problem };
    this.#current = { hash, now };
    return now;
  }
}

/** How long a task takes, as the length of a text that is parsed. */
function charsOf(task: PlanTask): number {
  // The text is hashed once for each of its lines.
  if (task.kind === 'undo') return (task.after.length * task.after.split('\n').length) / 100;
  if (task.kind === 'diff') return task.before.length + task.after.length;
  const texts = task.kind === 'apply' ? [task.text] : Object.values(task.files.texts);
  return texts.reduce((sum, text) => sum + text.length, charsGiven(task));
}

function charsGiven(task: Exclude<PlanTask, { kind: 'undo' | 'diff' }>): number {
  if (task.kind === 'join') return 0;
  const { op } = task;
  return op.kind === 'replace' ? op.text.length : op.entries.length * CHARS_PER_ENTRY;
}
