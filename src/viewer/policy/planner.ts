// Has edits of policy files worked out without holding up the viewer: short files at once, longer ones
// in a thread. Only the edge to the package, and the policy that was compiled last.

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { compilePolicy, type Policy } from '../../shared/policy.ts';
import type { PolicySource } from '../../shared/policy-source.ts';
import { type PlanResults, type PlanTask, runPlanTask, type Texts } from './edit-plan.ts';
import { hashOf } from './policy-write.ts';

/** Files of this length are parsed in some milliseconds, less than a thread takes to start. */
const AT_ONCE_CHARS = 4096;
/** Each entry of a change has the text parsed once more. */
const CHARS_PER_ENTRY = 1000;
const TASK = fileURLToPath(new URL('./edit-plan.js', import.meta.url));

export class Planner {
  #pool: Piscina | null = null;
  #current: {
    readonly hash: string;
    readonly source: PolicySource;
    readonly policy: Policy;
  } | null = null;

  /** Works out one task. */
  async run<K extends PlanTask['kind']>(
    task: Extract<PlanTask, { kind: K }>,
  ): Promise<PlanResults[K]> {
    if (charsOf(task) <= AT_ONCE_CHARS) return runPlanTask(task) as PlanResults[K];
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

  /** What the texts say together; files with problems are left out. Remembered while they stay. */
  async policyOf(texts: Texts): Promise<{ source: PolicySource; policy: Policy }> {
    const hash = hashOf(JSON.stringify(texts));
    if (this.#current?.hash === hash) return this.#current;
    const source = await this.run<'join'>({ kind: 'join', texts });
    this.#current = { hash, source, policy: compilePolicy(1, source) };
    return this.#current;
  }
}

/** How long a task takes, as the length of a text that is parsed. */
function charsOf(task: PlanTask): number {
  // The text is hashed once for each of its lines.
  if (task.kind === 'undo') return (task.after.length * task.after.split('\n').length) / 100;
  if (task.kind === 'diff') return task.before.length + task.after.length;
  const texts = task.kind === 'apply' ? [task.text] : Object.values(task.texts);
  return texts.reduce((sum, text) => sum + text.length, charsGiven(task));
}

function charsGiven(task: Exclude<PlanTask, { kind: 'undo' | 'diff' }>): number {
  if (task.kind === 'join') return 0;
  const { op } = task;
  return op.kind === 'replace' ? op.text.length : op.entries.length * CHARS_PER_ENTRY;
}
