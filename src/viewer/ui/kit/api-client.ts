// Asks the server for the log, for what is in force and how leash is, and reads answers for whoever
// asks for something else. Types come from the server's routes.

import { hc } from 'hono/client';
import type { Api } from '../../api.ts';
import type { Meta } from '../../meta.ts';
import type { State } from '../../state/state-api.ts';
import type { Flow } from '../../store/flow.ts';
import type { LogParams } from '../../store/log-params.ts';
import type { Page } from '../../store/page.ts';
import { connection } from './connection.ts';

/** What is wrong with a text, by line and column. */
export type TextProblem = {
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

/** An answer that is no success; 401: a token is needed; 412: the file is another one by now. */
export class ApiError extends Error {
  readonly status: number;
  readonly problems: readonly TextProblem[];

  constructor(status: number, message: string, problems: readonly TextProblem[] = []) {
    super(message);
    this.status = status;
    this.problems = problems;
  }
}

const client = hc<Api>(location.origin);

export async function fetchPage(query: LogParams, signal: AbortSignal): Promise<Page> {
  const response = await client.api.logs.$get({ query }, { init: { signal } });
  return read<Page>(response);
}

export async function fetchFlow(
  ask: { id: string; at: string; redact: boolean },
  signal: AbortSignal,
): Promise<Flow> {
  const query = { at: ask.at, redact: ask.redact ? '1' : '0' };
  const id = encodeURIComponent(ask.id);
  const response = await client.api.logs[':id'].$get(
    { param: { id }, query },
    { init: { signal } },
  );
  return read<Flow>(response);
}

export async function fetchMeta(signal: AbortSignal): Promise<Meta> {
  return read<Meta>(await client.api.meta.$get({}, { init: { signal } }));
}

export async function fetchState(signal: AbortSignal): Promise<State> {
  return read<State>(await fetch('/api/state', { signal }));
}

/** Token → session cookie. Throws `ApiError` with the reason. */
export async function login(token: string): Promise<void> {
  const response = await fetch('/api/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  await read(response);
}

type Refusal = { readonly error?: string; readonly problems?: readonly TextProblem[] };
type Answer = { readonly ok: boolean; readonly status: number; json(): Promise<unknown> };

/** The answer's JSON. Throws `ApiError` with the reason where it is no success. */
export async function read<T>(response: Answer): Promise<T> {
  if (response.ok) {
    // Not caught: what was given up half way is no answer.
    const answer = (await response.json()) as T;
    connection.value = '';
    return answer;
  }
  const body = (await response.json().catch(() => null)) as Refusal | null;
  const message = body?.error || `the server answered ${response.status}`;
  throw new ApiError(response.status, message, body?.problems);
}
