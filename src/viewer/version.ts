// The version of the program, as its package says.

import { readFileSync } from 'node:fs';

/** Empty where the package says none. */
export function programVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && 'version' in value
    ? String(value.version)
    : '';
}
