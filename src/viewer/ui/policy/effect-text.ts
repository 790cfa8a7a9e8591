// What a trial says, as sentences. Pure.

import type { Effect, Tally } from '../../policy/effect.ts';
import { formatSpan, formatTime, plural } from '../kit/format.ts';

/** The sentence for each direction; empty: nothing in that direction. */
export function effectTexts(effect: Effect): { allowed: string; blocked: string; none: string } {
  const window = formatSpan(effect.window_s);
  if (effect.problem !== '') {
    const none = `Not known what it would have done: a file is wrong: ${effect.problem}`;
    return { allowed: '', blocked: '', none };
  }
  const allowed = effect.newly_allowed.requests;
  const blocked = effect.newly_blocked.requests;
  return {
    allowed:
      allowed > 0 ? `Would have allowed ${tallyText(effect.newly_allowed)} in ${window}` : '',
    blocked:
      blocked > 0 ? `Would have blocked ${tallyText(effect.newly_blocked)} in ${window}` : '',
    none:
      allowed + blocked === 0
        ? `Would have changed nothing for the ${plural(effect.requests, 'request')} of ${window}`
        : '',
  };
}

/** Whether all of the window was read; empty: it was. */
export function partialText(effect: Effect, now: Date): string {
  if (effect.complete || effect.problem !== '') return '';
  const { searched_back_to: back } = effect;
  const from = back === null ? 'nothing was read' : `read back to ${formatTime(back, now)} only`;
  return `A part of the window: ${from}. The numbers are at least these.`;
}

/** `214 requests of 3 agents to 2 hosts` */
function tallyText({ requests, agents, hosts }: Tally): string {
  return `${plural(requests, 'request')} of ${plural(agents, 'agent')} to ${plural(hosts, 'host')}`;
}
