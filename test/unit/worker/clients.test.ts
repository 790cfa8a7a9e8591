import { describe, expect, it } from 'vitest';
import { Clients } from '../../../src/worker/clients.ts';

function setup() {
  const clock = { nowMs: 0 };
  const limits = { maxTunnels: 3, clientTunnels: 2, mintsPerSecond: 2 };
  return { clock, clients: new Clients(limits, () => clock.nowMs) };
}

describe('Clients', () => {
  it('lets a client have connections beside its tunnels, and no end of them never', () => {
    const limits = { maxTunnels: 9, clientTunnels: 4, mintsPerSecond: 1 };
    const clients = new Clients(limits, () => 0);
    const opened = Array.from({ length: 30 }, () => clients.openConnection('10.0.0.1'));
    expect(opened.filter(Boolean)).toHaveLength(22);
    expect(clients.openConnection('10.0.0.2')).toBe(true);
    clients.closeConnection('10.0.0.1');
    expect(clients.openConnection('10.0.0.1')).toBe(true);
  });

  it('bounds the tunnels of a client, then of the worker', () => {
    const { clients } = setup();
    expect(clients.openTunnel('a')).toBe('ok');
    expect(clients.openTunnel('a')).toBe('ok');
    expect(clients.openTunnel('a')).toBe('client_tunnels');
    expect(clients.openTunnel('b')).toBe('ok');
    expect(clients.openTunnel('c')).toBe('worker_tunnels');
    clients.closeTunnel('a');
    expect(clients.openTunnel('c')).toBe('ok');
  });

  it('fills the bucket of leaf certificates with time, one second deep', () => {
    const { clients, clock } = setup();
    expect([clients.mayMint('a'), clients.mayMint('a'), clients.mayMint('a')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(clients.mayMint('b')).toBe(true);
    clock.nowMs = 500;
    expect([clients.mayMint('a'), clients.mayMint('a')]).toEqual([true, false]);
    clock.nowMs = 100_000;
    expect([clients.mayMint('a'), clients.mayMint('a'), clients.mayMint('a')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('does not give a new bucket to a client that closes its tunnel', () => {
    const { clients, clock } = setup();
    clients.openTunnel('a');
    clients.mayMint('a');
    clients.mayMint('a');
    clients.closeTunnel('a');
    clients.sweep();
    expect(clients.mayMint('a')).toBe(false);
    clock.nowMs = 5000;
    clients.sweep();
    expect(clients.mayMint('a')).toBe(true);
  });
});
