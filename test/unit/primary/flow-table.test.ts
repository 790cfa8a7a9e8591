import { describe, expect, it } from 'vitest';
import { FlowTable } from '../../../src/primary/flow-table.ts';

const intent = { event: 'intent', key: '"client":"127.0.0.1"' } as const;

describe('FlowTable', () => {
  it('keeps a flow open until its terminal record', () => {
    const table = new FlowTable(10);
    expect(table.open(1, intent)).toBeNull();
    expect(table.record(1, 'part')).toBeNull();
    expect([...table]).toEqual([[1, intent]]);
    expect(table.record(1, 'allowed')).toBeNull();
    expect([...table]).toEqual([]);
  });

  it('gives up every open flow once (every accepted tunnel and exchange ends in exactly one terminal line, also when its worker dies)', () => {
    const table = new FlowTable(10);
    table.open(1, intent);
    table.open(2, intent);
    table.record(1, 'error');
    expect([...table.abandon()]).toEqual([[2, intent]]);
    expect([...table.abandon()]).toEqual([]);
  });

  it('takes a refusal of a flow that was never opened', () => {
    const table = new FlowTable(10);
    expect(table.record(7, 'blocked')).toBeNull();
    expect(table.record(8, 'error')).toBeNull();
  });

  it.each(['part', 'allowed', 'connect_closed', 'uninspected', 'websocket', 'revoked'] as const)(
    'refuses "%s" of a flow that is not open',
    (event) => {
      expect(new FlowTable(10).record(1, event)).toMatch(/not open/);
    },
  );

  it('refuses to open a flow twice, with a wrong event, or over the bound', () => {
    const table = new FlowTable(1);
    expect(table.open(1, { event: 'allowed', key: '' })).toMatch(/does not open/);
    expect(table.open(1, intent)).toBeNull();
    expect(table.open(2, intent)).toMatch(/more than 1/);
    expect(table.record(1, 'intent')).toMatch(/later record/);
    const wide = new FlowTable(10);
    expect(wide.open(1, intent)).toBeNull();
    expect(wide.open(1, intent)).toMatch(/begun already/);
  });

  it('lets no flow begin or end again, in whatever order flows begin', () => {
    const table = new FlowTable(10);
    expect(table.open(7, intent)).toBeNull();
    expect(table.record(7, 'allowed')).toBeNull();
    expect(table.record(7, 'blocked')).toMatch(/ended already/);
    expect(table.open(7, intent)).toMatch(/begun already/);
    expect(table.record(5, 'blocked')).toBeNull();
    expect(table.record(5, 'error')).toMatch(/ended already/);
    // As after refusals that could only be counted.
    expect(table.open(1_000_007, intent)).toBeNull();
    expect(table.record(8, 'blocked')).toMatch(/ended already/);
    expect(table.record(1_000_006, 'blocked')).toBeNull();
    expect(table.record(1_000_007, 'allowed')).toBeNull();
    expect(table.record(1_000_007, 'allowed')).toMatch(/not open/);
  });

  it('a flow whose record was not written has not begun: it may end as one that is refused, once', () => {
    const table = new FlowTable(10);
    table.open(5, { event: 'intent', key: '' });
    table.withdraw(5);
    expect([...table]).toEqual([]);
    expect(table.record(5, 'allowed')).toMatch(/not open/);
    expect(table.record(5, 'blocked')).toBeNull();
    expect(table.record(5, 'blocked')).toMatch(/ended already/);
    // One that was ended meanwhile stays ended.
    table.open(6, { event: 'intent', key: '' });
    table.record(6, 'blocked');
    table.withdraw(6);
    expect(table.record(6, 'blocked')).toMatch(/ended already/);
  });
});
