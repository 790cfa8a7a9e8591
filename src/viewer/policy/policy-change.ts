// A change of the policy that was asked for: tried (what would come of it) or made (files, workers, and
// what undoes it). One at a time: two at once would each undo the other.

import { isProblems, type PolicyProblem, parseMode } from '../../shared/policy-file.ts';
import type { PolicyFile } from '../../shared/policy-source.ts';
import type { FlowDeps } from '../store/flow.ts';
import type { Finder } from '../store/page.ts';
import { dryRun, modeOfList } from './dry-run.ts';
import type { EditAsk } from './edit-body.ts';
import type { Effect } from './effect.ts';
import type { LevelChanges } from './level-change.ts';
import type { Planner } from './planner.ts';
import { readHistory } from './policy-history.ts';
import { readPolicy, readPolicyFile } from './policy-reader.ts';
import {
  changeFile,
  changeMode,
  etagOf,
  hashOf,
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
  /** Nothing is wrong with what was asked: the file cannot be read or written. */
  readonly unable?: boolean;
  /** That is so because this user may not. */
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
    const files = await readPolicy(config.policyDir);
    const unread = files.problems.find(({ file }) => file === op.file);
    if (unread !== undefined) {
      return { ok: false, unable: true, problem: `${op.file}: ${unread.message}` };
    }
    const current = etagOf(files.texts[op.file] ?? null);
    if (etag !== undefined && etag !== current) return staleFile(op.file);
    const plan = await planner.run<'plan'>({ kind: 'plan', files, op, nowMs: search.nowMs() });
    if ('problem' in plan) {
      return { ok: false, problem: `${op.file}: ${plan.problem}`, problems: plan.problems };
    }
    const mode = modeOfList(op.file);
    const { changed, diff, compared, narrows, widens } = plan;
    const effect = await dryRun(search, { compared, mode, windowS });
    const told = { changed, file: op.file, etag: current, diff, effect, narrows, widens };
    return { ok: true, dry_run: true, ...told };
  }

  /** The same for a mode. */
  async tryMode(mode: string, windowS: number): Promise<Trial | Failure> {
    const { config, planner, search } = this.#deps;
    const parsed = parseMode(mode);
    if (isProblems(parsed)) return { ok: false, problem: parsed[0]?.message ?? '' };
    const files = await readPolicy(config.policyDir);
    const now = await planner.policyOf(files);
    const compared =
      'problem' in now ? now : { before: now.source, after: { ...now.source, mode: parsed } };
    const effect = await dryRun(search, { compared, mode: undefined, windowS });
    // A missing mode is enforce for the primary, too.
    const old = files.texts.mode?.trim().slice(0, 64) || 'enforce';
    const diff = old === parsed ? [] : [`-${old}`, `+${parsed}`];
    const etag = etagOf(files.texts.mode ?? null);
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
      const read = await readPolicyFile(this.#deps.config.policyDir, step.file);
      // What cannot be read is not what the change made, either.
      const current = typeof read === 'string' ? read : null;
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
