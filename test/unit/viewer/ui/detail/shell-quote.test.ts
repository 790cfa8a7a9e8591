// Against real shells: what a quoted word means to them is its text, and nothing else happens.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  printfFormat,
  quoteBytes,
  quoteText,
  utf8Of,
} from '../../../../../src/viewer/ui/detail/copy/shell-quote.ts';

const dir = mkdtempSync(join(tmpdir(), 'quote-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const HOSTILE = [
  "'",
  "''",
  "'\\''",
  '"',
  '\\',
  '\\\\',
  "\\'",
  "a'b",
  "'; touch pwned; '",
  '"; touch pwned; "',
  '$(touch pwned)',
  '`touch pwned`',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant for a shell
  '${IFS}',
  '$HOME',
  '$PATH',
  '~',
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '; touch pwned',
  '| touch pwned',
  '& touch pwned',
  '&& touch pwned',
  '|| touch pwned',
  '> pwned',
  '< /etc/passwd',
  '>> pwned',
  '2>&1',
  '# comment',
  '!!',
  '!touch',
  '\n',
  '\ntouch pwned\n#',
  '\r',
  '\rtouch pwned\r',
  '\t',
  '\ttab\t',
  '\x1b[201~touch pwned\n',
  '\x1b]0;title\x07',
  '\x00',
  '\x7f',
  '\x9b31m',
  '--',
  '-o pwned',
  '--output=pwned',
  '-',
  '@/etc/passwd',
  '%s%n%x',
  '%d',
  '\\x41',
  '\\101',
  '\\0',
  "$'\\x41'",
  "'$(touch pwned)'",
  '"$(touch pwned)"',
  '"\'$(touch pwned)\'"',
  "'\n'$(touch pwned)'",
  '\x01$(touch pwned)',
  "\x01'; touch pwned; '",
  '\x01")$(touch pwned)("',
  '\x02\')"; touch pwned; #',
  '\x01-v',
  '-v\x01',
  '\x01%s',
  'größe',
  '大',
  '\u202e',
  'a b  c ',
  ' ',
  '',
  '(',
  ')',
  '()',
  '=',
  '\xff\xfe',
  'é\xff',
];
const SHELLS = ['/bin/sh', '/bin/bash', '/bin/zsh', '/bin/busybox'].filter((path) =>
  existsSync(path),
);
const argsOf = (shell: string, args: string[]) =>
  shell.endsWith('busybox') ? ['sh', ...args] : args;

/** What a word can hold: no NUL, and no newline at its end where it went through `printf`. */
const wordOf = (bytes: string) =>
  /^[\x20-\x7e]*$/.test(bytes) ? bytes : bytes.replaceAll('\0', '').replace(/\n+$/, '');

describe('a quoted word', () => {
  it.each(SHELLS)(
    'no quoted text ends its quotes: %s sees one word with its bytes, for hostile texts',
    (shell) => {
      expect(HOSTILE.length).toBeGreaterThan(50);
      for (const text of HOSTILE) {
        for (const [word, bytes] of [
          [
            quoteBytes(/[^\0-\xff]/.test(text) ? utf8Of(text) : text),
            /[^\0-\xff]/.test(text) ? utf8Of(text) : text,
          ],
          [quoteText(text), utf8Of(text)],
        ] as const) {
          const script = `set -- ${word}; printf '%s|' "$#" "$@"`;
          execFileSync(shell, argsOf(shell, ['-n', '-c', script]), { cwd: dir });
          const seen = execFileSync(shell, argsOf(shell, ['-c', script]), {
            cwd: dir,
            stdio: ['ignore', 'pipe', 'ignore'],
          });
          const heard = seen.toString('latin1');
          expect(heard, `${shell} ${word}`).toBe(`1|${wordOf(bytes)}|`);
        }
      }
      expect(readdirSync(dir)).toEqual([]);
    },
    60_000,
  );

  it.each(SHELLS)(
    'a format makes %s write all its bytes, and does nothing else',
    (shell) => {
      for (const text of HOSTILE) {
        const bytes = utf8Of(text);
        const script = `printf '${printfFormat(bytes)}'`;
        const seen = execFileSync(shell, argsOf(shell, ['-c', script]), { cwd: dir });
        expect(seen.toString('latin1'), script).toBe(bytes);
        expect(script).toMatch(/^[\x20-\x7e]*$/);
      }
      expect(readdirSync(dir)).toEqual([]);
    },
    60_000,
  );

  it('has nothing that acts on a terminal when it is pasted', () => {
    for (const text of HOSTILE) expect(quoteText(text)).toMatch(/^[\x20-\x7e]*$/);
  });
});
