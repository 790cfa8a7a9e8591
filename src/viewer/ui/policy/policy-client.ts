// The page's way to the routes that show and change the policy. Types come from the server.

import type { AccessAnswer } from '../../access/access-api.ts';
import type { BacklogPage } from '../../harden/harden-api.ts';
import type { Grant, PolicyAnswer } from '../../policy/policy-api.ts';
import type { Made, Trial } from '../../policy/policy-change.ts';
import type { HistoryPage } from '../../policy/policy-history.ts';
import type { PolicyOptions } from '../../policy/policy-options.ts';
import type { UndoStep } from '../../policy/undo-memory.ts';
import { read } from '../kit/api-client.ts';
import type { ChangeAsk } from './change-ask.ts';

/** What would come of a change. */
export function tryChange({ path, body }: ChangeAsk): Promise<Trial> {
  return post<Trial>(path, { ...body, dry_run: true });
}

/** Makes a change; resolves when all workers have it, or after five seconds with those that have not. */
export function makeChange({ path, body }: ChangeAsk, etag?: string): Promise<Made> {
  return post<Made>(path, { ...body, ...(etag !== undefined && { etag }) });
}

export function undoChange(step: UndoStep): Promise<Made> {
  return post<Made>('/api/policy/undo', step);
}

export function fetchAccess(): Promise<AccessAnswer> {
  return get<AccessAnswer>('/api/access', {});
}

export function fetchPolicy(): Promise<PolicyAnswer> {
  return get<PolicyAnswer>('/api/policy', {});
}

export function fetchOptions(ask: Record<string, string>): Promise<PolicyOptions> {
  return get<PolicyOptions>('/api/policy/options', ask);
}

export async function fetchGrants(): Promise<readonly Grant[]> {
  return (await get<{ grants: readonly Grant[] }>('/api/policy/grants', {})).grants;
}

export function fetchHistory(before: string | null): Promise<HistoryPage> {
  return get<HistoryPage>('/api/policy/history', before === null ? {} : { before });
}

export function fetchBacklog(
  ask: { readonly since: string; readonly before: string | null },
  signal: AbortSignal,
): Promise<BacklogPage> {
  const { since, before } = ask;
  return get<BacklogPage>('/api/backlog', { since, ...(before && { before }) }, signal);
}

async function get<T>(path: string, query: Record<string, string>, signal?: AbortSignal) {
  const text = new URLSearchParams(query).toString();
  const init = signal === undefined ? {} : { signal };
  return read<T>(await fetch(`${path}${text === '' ? '' : `?${text}`}`, init));
}

async function post<T>(path: string, body: object): Promise<T> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return read<T>(response);
}
