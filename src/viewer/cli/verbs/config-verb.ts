// `leashctl config show`: every setting with its value, and where it comes from. Secrets are never shown.

import { visibleJson, visibleText } from '../../../shared/visible-text.ts';
import type { Origin, SettingValue } from '../settings/read-settings.ts';
import { ENV_FILE, ENV_FILE_VARIABLE } from '../settings/read-settings.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';

export const CONFIG_SHOW_VERB: Verb = {
  name: 'config show',
  group: 'setup',
  help: 'every setting and its value; secrets are masked',
  details: [
    `Settings come from the environment; those that it lacks from ${ENV_FILE}, which the service reads; ${ENV_FILE_VARIABLE} names another file. What the service was started with may be older than the file: restart it after a change.`,
  ],
  options: [{ name: '--origin', help: 'where each comes from: environment, file:line, default' }],
  exits: { usage: 'a setting is wrong: it is named' },
  examples: [{ command: 'leashctl config show --origin', what: 'which file and line says so' }],
  needsNoSettings: true,
  run: runConfigShow,
};

async function runConfigShow({ settings, options, json, io }: Call): Promise<number> {
  const { values, file, problem, isDenied } = settings;
  if (json) io.out(visibleJson({ file, problem, settings: values.map(rowJson) }));
  else {
    const rows = values.map((value) => [
      `${value.setting.name}=${visibleText(shownText(value))}`,
      originText(value.origin),
    ]);
    const width = Math.min(60, Math.max(...rows.map(([text = '']) => text.length)));
    const isOrigin = options.has('--origin');
    for (const [text = '', origin = ''] of rows) {
      io.out(isOrigin ? `${text.padEnd(width)}  ${origin}` : text);
    }
  }
  if (problem === null) return EXIT.ok;
  io.err(`leashctl: ${problem}`);
  return isDenied ? EXIT.denied : EXIT.usage;
}

function rowJson(value: SettingValue): object {
  const { setting, origin } = value;
  return {
    name: setting.name,
    value: shownText(value),
    origin: origin.from,
    ...(origin.from === 'file' ? { file: origin.file, line: origin.line } : {}),
    default: setting.fallback,
    secret: setting.secret,
    allowed: setting.allowed,
    why: setting.why,
  };
}

/** `off` is no secret: it says that there is none. */
function shownText({ setting, text }: SettingValue): string {
  return setting.secret && text !== '' && text !== 'off' ? '(secret)' : text;
}

function originText(origin: Origin): string {
  return origin.from === 'file' ? visibleText(`${origin.file}:${origin.line}`) : origin.from;
}
