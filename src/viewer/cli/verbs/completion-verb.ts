// `leashctl completion`: what shells and `man` read, made of the table of verbs.

import { visibleJson } from '../../../shared/visible-text.ts';
import { bashCompletion } from '../table/bash-completion.ts';
import { fishCompletion } from '../table/fish-completion.ts';
import { manPage } from '../table/man-page.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';
import { zshCompletion } from '../table/zsh-completion.ts';

const FORMS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  man: manPage,
} as const;

export const COMPLETION_VERB: Verb = {
  name: 'completion',
  group: 'setup',
  help: 'print completions for a shell, or the man page',
  positionals: [{ name: 'FORM', words: Object.keys(FORMS), help: 'for which program' }],
  examples: [
    {
      command: 'leashctl completion bash > /usr/share/bash-completion/completions/leashctl',
      what: 'for all users',
    },
    {
      command: 'leashctl completion zsh > /usr/share/zsh/vendor-completions/_leashctl',
      what: 'for all users',
    },
    {
      command: 'leashctl completion fish > ~/.config/fish/completions/leashctl.fish',
      what: 'for you',
    },
    {
      command: 'leashctl completion man > /usr/local/share/man/man1/leashctl.1',
      what: 'then: man leashctl',
    },
  ],
  needsNoSettings: true,
  run: runCompletion,
};

async function runCompletion({ args, verbs, json, io }: Call): Promise<number> {
  const form = args[0] as keyof typeof FORMS;
  const text = FORMS[form](verbs);
  io.out(json ? visibleJson({ form, text }) : text.trimEnd());
  return EXIT.ok;
}
