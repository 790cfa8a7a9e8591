// A suggested allowlist as JSON, for programs: the text of the file, and its entries with their evidence. Pure.

import type { LogRead } from '../replay/read-log.ts';
import type { Suggested } from './make-suggestion.ts';

/** What `leashctl suggest --json` prints. */
export function suggestJson(
  { text, shown, leftOut, notes }: Suggested,
  { span, counts }: Omit<LogRead, 'found'>,
): object {
  return {
    judged: counts.asks,
    since: span?.first ?? null,
    until: span?.last ?? null,
    notes,
    left_out: leftOut.filter(({ count }) => count > 0),
    entries: shown.map(({ entry, ...evidence }) => ({
      host: entry.host,
      ports: entry.ports,
      subdomains: entry.subdomains,
      paths: entry.paths,
      agents: entry.agents,
      private: entry.isPrivate,
      wide: entry.notes,
      count: evidence.count,
      failed: evidence.failed,
      would_block: evidence.wouldBlock,
      refused: evidence.refused,
      first: evidence.first,
      last: evidence.last,
      example: evidence.id,
      in_blocklist: evidence.blockRule,
      ends: evidence.endsAt,
    })),
    enforce_yaml: text,
  };
}
