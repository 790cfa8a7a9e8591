// The table of verbs → the man page, in roff's man macros. Pure.

import { exitsOf } from './help-text.ts';
import {
  COMMON_OPTIONS,
  EXIT,
  EXITS,
  type ExitName,
  GROUPS,
  optionText,
  positionalText,
  type Verb,
} from './verb.ts';

/** The text of leashctl.1. */
export function manPage(verbs: readonly Verb[]): string {
  const lines = [
    '.TH LEASHCTL 1 "" leash "User Commands"',
    '.SH NAME',
    'leashctl \\- the command line of leash, an auditing egress proxy',
    '.SH SYNOPSIS',
    '.B leashctl',
    '.I verb',
    '[\\fIarguments\\fR] [\\fIoptions\\fR] [\\fB\\-\\-json\\fR]',
    '.SH DESCRIPTION',
    ...paragraph(
      'Shows and changes what leash does, and reads its record. It works on the files of this machine, and needs no viewer.',
    ),
  ];
  for (const [group, title] of Object.entries(GROUPS)) {
    const rows = verbs.filter((verb) => verb.group === group);
    if (rows.length > 0) lines.push(`.SH ${title.toUpperCase()}`, ...rows.flatMap(verbLines));
  }
  lines.push(
    '.SH OPTIONS OF ALL VERBS',
    ...COMMON_OPTIONS.flatMap((option) => item(optionText(option), option.help)),
    '.SH EXIT STATUS',
    ...Object.entries(EXITS).flatMap(([name, meaning]) =>
      item(String(EXIT[name as ExitName]), meaning),
    ),
    '.SH ENVIRONMENT',
    ...item(
      'LEASH_*, LOG_PATH, PORT, BODY_LIMIT_KB',
      'The settings of leash: leashctl config show.',
    ),
    ...item('LEASH_ENV_FILE', 'The file of settings, in the place of /etc/default/leash.'),
    ...item(
      'NO_COLOR',
      'Where it is set, nothing is coloured. Nor is what goes to a file or a pipe.',
    ),
    ...item('VISUAL, EDITOR', 'The editor of leashctl edit.'),
  );
  return `${lines.join('\n')}\n`;
}

function verbLines(verb: Verb): string[] {
  const { name, positionals = [], options = [], examples = [], details = [] } = verb;
  const words = positionals.map((row) => `\\fI${escaped(positionalText(row))}\\fR`);
  const own = exitsOf(verb).filter(({ code }) =>
    Object.keys(verb.exits ?? {}).some((exit) => EXIT[exit as ExitName] === code),
  );
  return [
    '.TP',
    `\\fB${escaped(name)}\\fR ${words.join(' ')}`.trimEnd(),
    line(`${capital(verb.help)}.`),
    '.RS',
    ...details.flatMap((text) => ['.PP', line(text)]),
    ...positionals.flatMap((row) => item(row.name, row.help)),
    ...options.flatMap((option) => item(optionText(option), option.help)),
    ...own.flatMap(({ code, meaning }) => item(`Exit ${code}`, meaning)),
    ...examples.flatMap(({ command, what }) => [
      '.PP',
      line(`${capital(what)}:`),
      '.PP',
      '.nf',
      line(`    ${command}`),
      '.fi',
    ]),
    '.RE',
  ];
}

function item(name: string, text: string): string[] {
  return ['.TP', `\\fB${escaped(name)}\\fR`, line(text)];
}

function paragraph(text: string): string[] {
  return ['.PP', line(text)];
}

/** A line that begins with a dot or a quote would be a request. */
function line(text: string): string {
  return escaped(text).replace(/^(?=[.'])/, '\\&');
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\e').replace(/-/g, '\\-').replace(/…/g, '...').replace(/→/g, '\\->');
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
