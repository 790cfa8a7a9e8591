// The body of a request that edits a list → which entry is meant, or what is wrong with it. Pure. Types
// only are checked here; whether the entry is a good one, the parser of the file says.

import { parseHost } from '../../shared/host.ts';
import type { EntrySpec } from './policy-edit.ts';

/** What says which entry is meant; all that counts where one is removed. */
const WHICH = ['host', 'port', 'scope', 'method', 'prefix', 'line'];
const KEYS = [
  'host',
  'port',
  'scope',
  'method',
  'prefix',
  'private',
  'subdomains',
  'agents',
  'expires',
  'reason',
];

/** `removing`: conditions of an entry have no place, as they would be ignored. */
export function readSpec(
  body: Record<string, unknown> | null,
  removing: boolean,
): EntrySpec | { problem: string } {
  if (body === null) return { problem: 'the body must be a JSON object with a host' };
  const allowed = removing ? WHICH : KEYS;
  const unknown = Object.keys(body).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown.slice(0, 80));
    return { problem: `unknown member ${shown}, allowed: ${allowed.join(', ')}` };
  }
  const { host, port, scope = 'host', method, prefix, agents } = body;
  if (typeof host !== 'string' || host === '') return { problem: 'host must be a name' };
  if (removing) {
    const normal = parseHost(host.replace(/^\*\./, ''));
    if (typeof normal !== 'string') return { problem: `host: ${normal.problem}` };
    const { line, ...others } = body;
    if (line !== undefined && !Number.isInteger(line)) return { problem: 'line must be a number' };
    const spec = readSpec({ ...others, host: normal }, false);
    return 'problem' in spec || line === undefined ? spec : { ...spec, line: Number(line) };
  }
  if (port !== undefined && !isPort(port)) return { problem: 'port must be 1-65535' };
  if (scope !== 'host' && scope !== 'path') return { problem: 'scope must be host or path' };
  for (const key of ['method', 'prefix', 'expires', 'reason']) {
    if (body[key] !== undefined && typeof body[key] !== 'string')
      return { problem: `${key} must be text` };
  }
  for (const key of ['private', 'subdomains']) {
    if (body[key] !== undefined && typeof body[key] !== 'boolean') {
      return { problem: `${key} must be true or false` };
    }
  }
  if (scope === 'path' && !method && !prefix) {
    return { problem: 'scope path needs a method or a prefix' };
  }
  if (scope === 'host' && (method || prefix)) {
    return { problem: 'method and prefix need scope path' };
  }
  if (agents !== undefined && !isTexts(agents))
    return { problem: 'agents must be a list of names' };
  return { ...body, host, scope } as EntrySpec;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
