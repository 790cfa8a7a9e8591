// What the page shows around the list: who is seen in the log, what is in force, what is wrong.

import type { PolicyProblem } from '../shared/status.ts';
import type { GuardDeps } from './access/guard.ts';
import { readMode } from './policy/policy-reader.ts';
import { readStatus } from './status.ts';
import { parseLogQuery } from './store/log-params.ts';
import type { Finder } from './store/page.ts';
import { createHealthReader, type RecordHealth } from './store/record-health.ts';

export type Client = { client: string; agent: string; rows: number };

export type Meta = {
  /** Seen in the newest rows, the most active first. */
  clients: Client[];
  /** In force by the primary's word; else as the file says; null = unknown. */
  mode: string | null;
  policy_version: number | null;
  version: string;
  hostname: string;
  proxy_port: number;
  /** Policy files that do not parse: the last good state is in force. */
  policy_problems: readonly PolicyProblem[];
  /** Why leash is not ready; empty = ready. */
  problems: readonly string[];
  log: { healthy: boolean; problem: string; seq: number; segment: number } | null;
  record: RecordHealth;
  /** How many segments there are, and of how many there is an index: the others are read in full. */
  index: { segments: number; indexed: number };
  agents_known: boolean;
};

/** The list of clients changes slowly, and every open page asks for it. */
const CLIENTS_MS = 5000;
const CLIENT_ROWS = '1000';
const MAX_CLIENTS = 200;

/** A function that gives the current `Meta`. Clients are looked up at most every five seconds. */
export function createMetaReader(
  deps: GuardDeps,
  search: Finder,
  readIndex: () => Promise<Meta['index']>,
): () => Promise<Meta> {
  const { config } = deps;
  let clients: Promise<Client[]> = Promise.resolve([]);
  const readHealth = createHealthReader(search);
  let freshUntil = Number.NEGATIVE_INFINITY;
  return async () => {
    if (deps.monotonicNow() >= freshUntil) {
      freshUntil = deps.monotonicNow() + CLIENTS_MS;
      clients = readClients(search);
    }
    const { status, alive, problems } = await readStatus(config.stateDir);
    const log = status?.log ?? null;
    const inForce = alive ? (status?.policy?.mode ?? null) : null;
    return {
      clients: await clients,
      mode: inForce ?? ((await readMode(config.policyDir)) || null),
      policy_version: status?.policy?.version ?? null,
      version: deps.version,
      hostname: deps.hostname,
      proxy_port: status?.listeners.proxy.port ?? config.proxyPort,
      policy_problems: status?.problems ?? [],
      problems,
      log: log && {
        healthy: log.healthy,
        problem: log.problem,
        seq: log.seq,
        segment: log.segment,
      },
      record: await readHealth(log?.check),
      index: await readIndex(),
      agents_known: ((await deps.agents.read()) ?? []).length > 0,
    };
  };
}

async function readClients(search: Finder): Promise<Client[]> {
  const query = parseLogQuery({ limit: CLIENT_ROWS });
  if ('problem' in query) return [];
  const seen = new Map<string, Client>();
  for (const row of (await search.find(query)).rows) {
    if (row.client === '') continue;
    const entry = seen.get(row.client) ?? { client: row.client, agent: row.agent, rows: 0 };
    entry.rows += 1;
    seen.set(row.client, entry);
  }
  return [...seen.values()].sort((a, b) => b.rows - a.rows).slice(0, MAX_CLIENTS);
}
