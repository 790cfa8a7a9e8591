// Many tunnels with TLS open that do nothing, and the memory that they take.

import { treeMemory } from '../tree-memory.ts';
import { clientAddress } from './addresses.ts';
import { nowMs } from './clock.ts';
import { Distribution, type Numbers } from './distribution.ts';
import { openTunnel, type Target, type Tunnel } from './tunnel.ts';

export type IdleParameters = {
  readonly kind: 'idle';
  readonly target: Target;
  readonly path: string;
  readonly tunnels: number;
  /** Of one source address; many addresses keep each within a proxy's limit for one client. */
  readonly tunnelsPerClient: number;
  /** Each has made one request before it idles. */
  readonly asksOnce: boolean;
  /** Opened and closed before the first look at the memory: a cold process would count as tunnels. */
  readonly warmUpTunnels: number;
  /** Until a proxy has closed what it keeps for a while: idle connections to the origin. */
  readonly settleSeconds: number;
  readonly pid: number;
};

const AT_ONCE = 16;

export async function generateIdle(parameters: IdleParameters): Promise<Numbers> {
  const { tunnels: count, settleSeconds, warmUpTunnels, pid } = parameters;
  const settle = () => new Promise((resolve) => setTimeout(resolve, settleSeconds * 1000));
  const warm = await openAll(parameters, warmUpTunnels);
  for (const tunnel of warm.tunnels) tunnel.close();
  await settle();
  const before = treeMemory(pid);
  const startMs = nowMs();
  const { tunnels, opening, problem } = await openAll(parameters, count);
  const openSeconds = (nowMs() - startMs) / 1000;
  await settle();
  const after = treeMemory(pid);
  const open = tunnels.filter((tunnel) => tunnel.isOpen).length;
  for (const tunnel of tunnels) tunnel.close();
  if (open < count) process.stderr.write(`${problem ?? 'closed while idle'}\n`);
  return {
    tunnels: count,
    failures: count - open,
    openSeconds,
    openP50Ms: opening.atMs(50),
    openP99Ms: opening.atMs(99),
    memoryBeforeMb: before / 1e6,
    memoryAfterMb: after / 1e6,
    kbPerTunnel: (after - before) / 1024 / Math.max(1, open),
    sent: parameters.asksOnce ? warm.tunnels.length + tunnels.length : 0,
  };
}

async function openAll(parameters: IdleParameters, count: number) {
  const { target, path, tunnelsPerClient, asksOnce } = parameters;
  const request = `GET ${path} HTTP/1.1\r\nHost: ${target.host}:${target.originPort}\r\n\r\n`;
  const opening = new Distribution();
  const tunnels: Tunnel[] = [];
  let problem: string | null = null;
  let started = 0;
  const open = async () => {
    while (started < count) {
      const localAddress = clientAddress(Math.floor(started / tunnelsPerClient));
      started += 1;
      const fromMs = nowMs();
      const tunnel = await openTunnel({ target, localAddress });
      if ('problem' in tunnel) {
        problem ??= tunnel.problem;
        continue;
      }
      opening.add(nowMs() - fromMs);
      tunnels.push(tunnel);
      if (!asksOnce) continue;
      const answer = await new Promise<object>((resolve) => tunnel.ask(request, resolve));
      if ('problem' in answer) problem ??= String(answer.problem);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, open));
  return { tunnels, opening, problem };
}
