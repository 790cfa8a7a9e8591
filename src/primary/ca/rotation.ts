// The change from one CA to the next, step by step: a new one is made and trusted beside the old, it signs
// from a date on, the old one is no longer handed out. What is due is seen by the clock, what an operator
// asks for comes as a file. Each step is one change of files in ca.ts, so a start that follows a death in
// between goes on with the next step. Knows no key.

import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CA_REQUEST_FILE,
  CA_ROTATION_FILE,
  type CaRequest,
  type CaRotation,
  NO_ROTATION,
  readCaRequest,
  readCaRotation,
} from '../../shared/trust/ca-rotation.ts';
import { plainHex } from '../../shared/trust/trusted-ca.ts';
import type { Ca } from './ca.ts';
import { replace } from './ca-folder.ts';

export type RotationDeps = {
  readonly ca: Ca;
  readonly stateDir: string;
  now(): number;
  /** On the record. */
  note(fields: object): void;
  /** What agents are to trust, or who signs, is another. */
  onChange(): Promise<void>;
  onError(error: unknown): void;
};

export type Rotation = {
  /** Looks whether something is due or asked for, and does it. */
  check(): Promise<void>;
  close(): void;
};

type Step = 'begin' | 'plan' | 'switch' | 'finish';

/** A request has some 200 bytes. */
const MAX_REQUEST_BYTES = 4096;
const CHECK_MS = 1000;

/** Goes on with what is under way, and watches for what comes. */
export async function startRotation(deps: RotationDeps): Promise<Rotation> {
  const { ca, stateDir, now } = deps;
  const planPath = join(stateDir, CA_ROTATION_FILE);
  const requestPath = join(stateDir, 'private', CA_REQUEST_FILE);
  let plan: CaRotation = await readFile(planPath, 'utf8').then(readCaRotation, () => NO_ROTATION);
  let checking: Promise<void> | null = null;

  async function save(changes: Partial<CaRotation>): Promise<void> {
    const state = ca.next !== null ? 'prepared' : ca.trusted.length > 1 ? 'switched' : 'none';
    plan = { ...plan, ...changes, state };
    await replace(planPath, `${JSON.stringify(plan)}\n`, 0o644);
  }

  async function took(step: Step, actor: string): Promise<void> {
    deps.note({
      step,
      ca: ca.trusted.map(({ sha256 }) => plainHex(sha256)),
      ...(ca.next === null ? {} : { switch_at: plan.switchAtMs / 1000 }),
      ...(ca.trusted.length > 1 ? { retire_at: plan.retireAtMs / 1000 } : {}),
      actor,
    });
    await deps.onChange();
  }

  async function rotate({ afterMs, actor }: CaRequest): Promise<void> {
    const isNew = ca.next === null;
    if (isNew && ca.trusted.length > 1) {
      throw new Error(
        'the CA before is still trusted: leashctl ca rotate --finish ends that first',
      );
    }
    const switchAtMs = now() + afterMs;
    // First the dates: a new CA without any would wait for ever.
    await save({ switchAtMs, retireAtMs: switchAtMs + afterMs });
    await ca.addNext();
    await save({});
    await took(isNew ? 'begin' : 'plan', actor);
  }

  async function switchOver(actor: string): Promise<void> {
    await ca.promote();
    await save({});
    await took('switch', actor);
  }

  async function finish(actor: string): Promise<void> {
    if (ca.next !== null) await switchOver(actor);
    if (ca.trusted.length === 1) throw new Error('no rotation is under way');
    await ca.dropOld();
    await save({ switchAtMs: 0, retireAtMs: 0 });
    await took('finish', actor);
  }

  async function obey(): Promise<void> {
    const text = await readRequest(requestPath);
    if (text === null) return;
    const request = readCaRequest(text);
    let problem = '';
    try {
      if (request === null) throw new Error('the request cannot be read');
      await (request.action === 'rotate' ? rotate(request) : finish(request.actor));
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    // The answer is there before the request is gone.
    await save({ request: request?.id ?? '', problem });
    await unlink(requestPath);
  }

  async function look(): Promise<void> {
    await obey();
    if (ca.next !== null && plan.switchAtMs > 0 && now() >= plan.switchAtMs) await switchOver('');
    const isOver = ca.next === null && ca.trusted.length > 1;
    if (isOver && plan.retireAtMs > 0 && now() >= plan.retireAtMs) await finish('');
  }

  function check(): Promise<void> {
    checking ??= look()
      .catch(deps.onError)
      .finally(() => {
        checking = null;
      });
    return checking;
  }

  // A death between two steps left it as it was before.
  if (ca.trusted.length > 1) await save({});
  await check();
  const timer = setInterval(() => void check(), CHECK_MS);
  return { check, close: () => clearInterval(timer) };
}

async function readRequest(path: string): Promise<string | null> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      return size > MAX_REQUEST_BYTES ? '' : await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
