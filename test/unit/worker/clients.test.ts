import { describe, expect, it } from 'vitest';
import { Clients } from '../../../src/worker/clients.ts';

function setup() {
  const clock = { nowMs: 0 };
  const limits = { maxTunnels: 3, clientTunnels: 2, mintsPerSecond: 2 };
  return { clock, clients: new Clients(limits, () => clock.nowMs) };
}

describe('Clients', () => {
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
