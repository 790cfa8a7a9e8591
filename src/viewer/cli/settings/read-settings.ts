// Where the settings of `leashctl` come from: the environment first, then the file that the service of an
// installed leash reads, so that an operator need not name what setup wrote down.

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { type Config, parseConfig, SETTINGS } from '../../../shared/config.ts';
import type { Setting } from '../../../shared/setting.ts';
import { visibleText } from '../../../shared/visible-text.ts';
import { hasCode } from '../table/verb.ts';
import { parseEnvFile } from './env-file.ts';

/** The settings of an installed leash. */
export const ENV_FILE = '/etc/default/leash';
/** Names another file; of `leashctl` alone, and no setting of leash. */
export const ENV_FILE_VARIABLE = 'LEASH_ENV_FILE';

export type Origin =
  | { readonly from: 'environment' | 'default' }
  | { readonly from: 'file'; readonly file: string; readonly line: number };

export type SettingValue = {
  readonly setting: Setting<unknown>;
  /** As it was written, or the default. */
  readonly text: string;
  readonly origin: Origin;
};

export type Settings = {
  readonly values: readonly SettingValue[];
  /** The file that was read; null: there is none. */
  readonly file: string | null;
  /** One line, ready to be shown; then `config` has the defaults. */
  readonly problem: string | null;
  /** The file is there, and this user may not read it. */
  readonly isDenied: boolean;
  readonly config: Config;
};

/** The environment and the file → each setting with its origin, and the config that they make. */
export async function readSettings(env: NodeJS.ProcessEnv): Promise<Settings> {
  const { [ENV_FILE_VARIABLE]: named, ...own } = env;
  const file = await readEnvFile(named || ENV_FILE, Boolean(named));
  const workers = availableParallelism();
  const merged = { ...Object.fromEntries(file.values), ...withoutEmpty(own) };
  const parsed = parseConfig(merged, { workers });
  const problem = file.problem ?? ('problem' in parsed ? parsed.problem : null);
  const values = Object.values<Setting<unknown>>(SETTINGS).map((setting): SettingValue => {
    const line = file.lines.get(setting.name);
    const text = merged[setting.name];
    if (text === undefined || text === '') {
      const fallback = setting === SETTINGS.workers ? String(workers) : setting.fallback;
      return { setting, text: fallback, origin: { from: 'default' } };
    }
    const isOwn = own[setting.name] !== undefined && own[setting.name] !== '';
    if (isOwn || line === undefined) return { setting, text, origin: { from: 'environment' } };
    return { setting, text, origin: { from: 'file', file: file.path, line } };
  });
  return {
    values,
    file: file.isThere ? file.path : null,
    problem: file.problem ?? (problem === null ? null : withPlace(problem, file, own)),
    isDenied: file.isDenied,
    config: problem === null && !('problem' in parsed) ? parsed : defaults(workers),
  };
}

type EnvFile = {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
  readonly lines: ReadonlyMap<string, number>;
  readonly problem: string | null;
  readonly isThere: boolean;
  readonly isDenied: boolean;
};

async function readEnvFile(path: string, isNamed: boolean): Promise<EnvFile> {
  const none = { path, values: new Map(), lines: new Map(), isThere: true, isDenied: false };
  const shown = visibleText(path);
  try {
    const parsed = parseEnvFile(await readFile(path, 'utf8'));
    if ('problem' in parsed)
      return { ...none, problem: `${shown}:${parsed.line}: ${parsed.problem}` };
    const rows = [...parsed];
    return {
      ...none,
      values: new Map(rows.map(([name, { value }]) => [name, value])),
      lines: new Map(rows.map(([name, { line }]) => [name, line])),
      problem: null,
    };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      const problem = isNamed ? `there is no ${shown}, which ${ENV_FILE_VARIABLE} names` : null;
      return { ...none, problem, isThere: false };
    }
    if (hasCode(error, 'EACCES', 'EPERM')) {
      const problem = `${shown} may not be read by this user: it holds the settings of leash`;
      return { ...none, problem, isDenied: true };
    }
    const why = error instanceof Error ? error.message : String(error);
    return { ...none, problem: `${shown} cannot be read: ${visibleText(why)}` };
  }
}

/** An empty variable counts as absent: then the file's value stands. */
function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

/** A problem that names a variable of the file says where it stands. */
function withPlace(problem: string, { path, lines }: EnvFile, own: NodeJS.ProcessEnv): string {
  const text = problem.replace(/^Cannot start: /, '');
  const name = /^\w+/.exec(text)?.[0] ?? '';
  const line = lines.get(name);
  return line === undefined || own[name] ? text : `${visibleText(path)}:${line}: ${text}`;
}

function defaults(workers: number): Config {
  const parsed = parseConfig({}, { workers });
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}
