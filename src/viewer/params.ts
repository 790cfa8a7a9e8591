// The parameters of an address, by one rule for all routes. Knows no route and no name of theirs but one.

import type { Context } from 'hono';
import { isSet } from './store/log-params.ts';

/** A parameter that is given twice counts as it was given last. */
export function lastOfEach(
  raw: Readonly<Record<string, string | readonly string[]>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (value.at(-1) ?? ''),
    ]),
  );
}

/** All parameters of a request. */
export function paramsOf(c: Context): Record<string, string> {
  return lastOfEach(c.req.queries());
}

/** Whether credentials are hidden, by the parameter `redact`: they are, unless it says no. */
export function isRedacted(value: string | undefined): boolean {
  return value === undefined || isSet(value);
}
