// The choices of a person who allows or blocks → the entry that is asked for. Pure.

import type { ManageTarget } from '../kit/manage-target.ts';
import type { ChangeAsk } from '../policy/change-ask.ts';

type ManageAction = 'allow' | 'block';

export type ManageForm = {
  readonly action: ManageAction;
  /** `exact`: the name alone. `below`: and all names below it. Else: a parent, with all below it. */
  readonly width: string;
  /** Empty: every path. */
  readonly prefix: string;
  readonly oneMethod: boolean;
  /** Of a block: this port only. An allow entry always names its port. */
  readonly onePort: boolean;
  readonly oneAgent: boolean;
  readonly isPrivate: boolean;
  /** As the file has it; empty: for good. */
  readonly expires: string;
  readonly reason: string;
};

/** This host and no more; with a `prefix` this path and method of it alone. */
export function newForm(action: ManageAction, prefix = ''): ManageForm {
  return {
    action,
    width: 'exact',
    prefix,
    // Of a tunnel that was refused no path is known, and CONNECT is the method of no request inside.
    oneMethod: prefix !== '',
    onePort: false,
    oneAgent: false,
    isPrivate: false,
    expires: '',
    reason: '',
  };
}

/** Whether a host is an address, which has no names below it. */
export function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}

type EntryTarget = Pick<ManageTarget, 'host' | 'port' | 'method' | 'agent'>;

/** The entry, in the words of the API. */
export function entryOf(form: ManageForm, { host, port, method, agent }: EntryTarget) {
  const { action, width, prefix, oneMethod } = form;
  const isNarrow = prefix !== '' || oneMethod;
  return {
    host: width === 'exact' || width === 'below' ? host : width,
    ...(width === 'exact' && !isAddress(host) && { subdomains: false }),
    ...((action === 'allow' || form.onePort) && { port }),
    ...(isNarrow && { scope: 'path' as const }),
    ...(prefix !== '' && { prefix }),
    ...(oneMethod && { method }),
    ...(form.oneAgent && agent !== '' && { agents: [agent] }),
    ...(action === 'allow' && form.isPrivate && { private: true }),
    ...(action === 'allow' && form.expires !== '' && { expires: form.expires }),
    ...(form.reason.trim() !== '' && { reason: form.reason.trim() }),
  };
}

/** Entries → the one change that adds them all. */
export function addAsk(action: ManageAction, entries: readonly object[]): ChangeAsk {
  const list = action === 'allow' ? 'enforce' : 'blocklist';
  const unique = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
  return { path: `/api/policy/${list}/add`, body: { entries: [...unique.values()] } };
}

/** `1h`, `8h`, `24h`, `7d` from now → the time as a policy file has it. */
export function expiryIn(hours: number, nowMs: number): string {
  return new Date(nowMs + hours * 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
}
