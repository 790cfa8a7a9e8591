// A change of the policy that was asked for: tried (what would come of it) or made (files, workers, and
// what undoes it). One at a time: two at once would each undo the other.

import { isProblems, type PolicyProblem, parseMode } from '../../shared/policy-file.ts';
import type { PolicyFile } from '../../shared/policy-source.ts';
import { dryRun, modeOfList } from '../harden/dry-run.ts';
import type { Effect } from '../harden/effect.ts';
import type { FlowDeps } from '../store/flow.ts';
import type { Finder } from '../store/log-search.ts';
import type { EditAsk } from './edit-body.ts';
import type { LevelChanges } from './level-change.ts';
import type { Planner } from './planner.ts';
import { readHistory } from './policy-history.ts';
import {
  changeFile,
  changeMode,
  etagOf,
  hashOf,
  readTexts,
  type WriteDeps,
  type Written,
} from './policy-write.ts';
import { UndoMemory, type UndoStep } from './undo-memory.ts';

/** What a trial says; nothing was changed. */
export type Trial = LevelChanges & {
  readonly ok: true;
  readonly dry_run: true;
  readonly changed: boolean;
  readonly file: string;
  /** Of the file that it was tried on: send it along with the change. */
  readonly etag: string;
  readonly diff: readonly string[];
  readonly effect: Effect;
};
export type Failure = {
  readonly ok: false;
  readonly problem: string;
  readonly problems?: readonly PolicyProblem[];
  readonly stale?: boolean;
  readonly denied?: boolean;
};
/** A change that was made. */
export type Made = Omit<Extract<Written, { ok: true }>, 'before' | 'after'> & {
  readonly file: string;
  readonly etag: string;
  readonly diff: readonly string[];
  /** Post it to `/api/policy/undo`; null: nothing was changed. */
  readonly undo: UndoStep | null;
};

export type ChangeDeps = {
  readonly config: { readonly policyDir: string; readonly stateDir: string };
  readonly planner: Planner;
  readonly search: FlowDeps & Finder;
};

export class PolicyChanges {
  readonly #deps: ChangeDeps;
  readonly #memory = new UndoMemory();
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: ChangeDeps) {
    this.#deps = deps;
  }

  /** What would come of it: the diff, and what it would have done to the requests of the log. */
  async tryEdit({ op, etag, windowS }: EditAsk): Promise<Trial | Failure> {
    const { config, planner, search } = this.#deps;
    const texts = await readTexts(config.policyDir);
    const current = etagOf(texts[op.file] ?? null);
    if (etag !== undefined && etag !== current) return staleFile(op.file);
    const plan = await planner.run<'plan'>({ kind: 'plan', texts, op, nowMs: search.nowMs() });
    if ('problem' in plan) return { ok: false, ...plan };
    const mode = modeOfList(op.file);
    const effect = await dryRun(search, { before: plan.before, after: plan.after, mode, windowS });
    const { changed, diff, narrows, widens } = plan;
    const levels = { narrows, widens };
    return {
      ok: true,
      dry_run: true,
      changed,
      file: op.file,
      etag: current,
      diff,
      effect,
      ...levels,
    };
  }

  /** The same for a mode. */
  async tryMode(mode: string, windowS: number): Promise<Trial | Failure> {
    const { config, planner, search } = this.#deps;
    const parsed = parseMode(mode);
    if (isProblems(parsed)) return { ok: false, problem: parsed[0]?.message ?? '' };
    const texts = await readTexts(config.policyDir);
    const { source } = await planner.policyOf(texts);
    const after = { ...source, mode: parsed };
    const effect = await dryRun(search, { before: source, after, windowS });
    const diff = source.mode === parsed ? [] : [`-${source.mode}`, `+${parsed}`];
    const etag = etagOf(texts.mode ?? null);
    const changed = diff.length > 0;
    const levels = { narrows: [], widens: [] };
    return { ok: true, dry_run: true, changed, file: 'mode', etag, diff, effect, ...levels };
  }

  makeEdit(actor: string, { op, etag }: EditAsk): Promise<Made | Failure> {
    const { planner } = this.#deps;
    let problems: readonly PolicyProblem[] | undefined;
    return this.#inTurn(async () => {
      const written = await changeFile(this.#write(actor), {
        file: op.file,
        etag,
        whole: op.kind === 'replace',
        edit: async (text) => {
          const edited = await planner.run<'apply'>({ kind: 'apply', text, op });
          if ('problem' in edited) problems = edited.problems;
          return edited;
        },
      });
      if (!written.ok && problems !== undefined) return { ...written, problems };
      return this.#made(op.file, written);
    });
  }

  makeMode(actor: string, mode: string): Promise<Made | Failure> {
    return this.#inTurn(async () => this.#made('mode', await changeMode(this.#write(actor), mode)));
  }

  /** Puts back what stood there, if the file is still what the change made of it. */
  undo(actor: string, step: UndoStep & { readonly file: PolicyFile }): Promise<Made | Failure> {
    return this.#inTurn(async () => {
      const texts = await readTexts(this.#deps.config.policyDir);
      const current = texts[step.file] ?? null;
      if (etagOf(current) !== step.etag) return staleFile(step.file);
      const text = this.#memory.find(step) ?? (await this.#fromRecord(step, current ?? ''));
      if (text === null) {
        const problem =
          'what stood there before is not known any more: the viewer was started since, and the record does not lead back to it';
        return { ok: false, problem: `${step.file}: ${problem}` };
      }
      const change = {
        file: step.file,
        etag: step.etag,
        whole: true,
        edit: (old: string) => ({ text, changed: old !== text }),
      };
      return this.#made(step.file, await changeFile(this.#write(actor), change));
    });
  }

  async #fromRecord({ file, etag, to }: UndoStep, current: string): Promise<string | null> {
    const { entries } = await readHistory(this.#deps.search, { limit: 20 });
    const change = entries.find((entry) => entry.file === file && entry.sha256 === etag);
    if (change === undefined) return null;
    const { diff } = change;
    return this.#deps.planner.run<'undo'>({ kind: 'undo', after: current, diff, to });
  }

  async #made(file: string, written: Written): Promise<Made | Failure> {
    if (!written.ok) return written;
    const { before, after, ...rest } = written;
    const isNew = written.changed && after !== null;
    const texts = { before: before ?? '', after: after ?? '' };
    return {
      ...rest,
      file,
      etag: after === null ? '' : hashOf(after),
      diff: isNew ? await this.#deps.planner.run<'diff'>({ kind: 'diff', ...texts }) : [],
      undo: isNew && file !== 'mode' ? this.#memory.remember(file, before, after) : null,
    };
  }

  #write(actor: string): WriteDeps {
    const { policyDir, stateDir } = this.#deps.config;
    return { policyDir, stateDir, actor };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => {});
    return next;
  }
}

function staleFile(file: string): Failure {
  return { ok: false, stale: true, problem: `${file}: it changed meanwhile: look at it again` };
}
