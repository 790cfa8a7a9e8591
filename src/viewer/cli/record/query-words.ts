// The words of a query and the options beside it → what is asked of the record. Pure. The rows of the table
// that the verbs which read it share stand here, too.

import { visibleJson } from '../../../shared/visible-text.ts';
import { type LogQuery, parseLogQuery } from '../../store/log-params.ts';
import { type Given, type Option, optionValue, type Positional } from '../table/verb.ts';

export const QUERY: Positional = {
  name: 'QUERY',
  help: 'words and fields, as in the search box of the viewer: host:*.x.com status:>=400 since:1h',
  isRest: true,
};
export const LOG_OPTION: Option = {
  name: '--log',
  value: 'PATH',
  help: 'a copy of a log, in the place of this leash’s own: a folder, or its egress.jsonl',
  complete: 'file',
};
export const LIMIT_OPTION: Option = { name: '--limit', value: 'N', help: 'no more than so many' };
export const SECRETS_OPTION: Option = {
  name: '--plain-secrets',
  help: 'show the values of credential headers, which are hidden otherwise',
};

export const READ_EXITS = {
  unreachable: 'there is no log',
  interrupted: 'Ctrl-C ended it before it was done',
} as const;

/** Words of a shell → one query: what a shell took apart is put together again. */
export function readQueryWords(given: Given): LogQuery | { readonly problem: string } {
  return parseLogQuery({ q: given.args.join(' ') });
}

/** A number of an option; what is absent is `usual`. */
export function readCount(
  given: Given,
  name: Option['name'],
  usual: number,
): number | { readonly problem: string } {
  const text = optionValue(given, name);
  if (text === undefined) return usual;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1) return value;
  return { problem: `${name} takes a number from 1 on, got ${visibleJson(text.slice(0, 80))}` };
}
