// The text of a file of settings (`KEY=VALUE` lines, as systemd's EnvironmentFile and podman's --env-file
// read them) → its values, each with its line. Pure: knows no file and no setting.

import { visibleJson } from '../../../shared/visible-text.ts';

export type FileValue = { readonly value: string; readonly line: number };

/** More is no file of settings. */
const MAX_LINES = 10_000;

/** Values by name; the last line of a name counts, as for both readers. Or what is wrong, and where. */
export function parseEnvFile(
  text: string,
): ReadonlyMap<string, FileValue> | { readonly problem: string; readonly line: number } {
  const values = new Map<string, FileValue>();
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) return { problem: 'it is too long', line: MAX_LINES };
  for (const [at, raw] of lines.entries()) {
    const row = raw.replace(/\r$/, '').trim();
    const line = at + 1;
    if (row === '' || row.startsWith('#') || row.startsWith(';')) continue;
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(row);
    const [, name, value] = match ?? [];
    if (name === undefined || value === undefined) {
      return { problem: `takes NAME=VALUE, got ${visibleJson(row.slice(0, 40))}`, line };
    }
    // systemd would go on with the next line, podman would not.
    if (value.endsWith('\\')) return { problem: `${name} ends in a backslash`, line };
    values.set(name, { value: unquote(value), line });
  }
  return values;
}

/** Quotes around all of a value are systemd's. */
function unquote(value: string): string {
  return /^"[^"\\]*"$|^'[^']*'$/.test(value) ? value.slice(1, -1) : value;
}
