import { describe, expect, it } from 'vitest';
import { RecordTotals } from '../../../../src/primary/log/record-totals.ts';

describe('RecordTotals', () => {
  it('adds up what went by unseen, and no other bytes', () => {
    const totals = new RecordTotals();
    totals.add('uninspected', Buffer.from('"client":"10.0.0.1","bytes":70,"req_bytes":5'));
    totals.add('uninspected', Buffer.from('"sni":"\\",\\"bytes\\":900","bytes":1'));
    totals.add('uninspected', Buffer.from('"client":"10.0.0.1"'));
    totals.add('allowed', Buffer.from('"bytes":1000'));
    expect(totals.get()).toEqual({ uninspectedBytes: 76, suspendedS: 0, refused: 0 });
  });

  it('adds up times in which nobody was served; what one client was refused is a number only', () => {
    const totals = new RecordTotals();
    totals.add('audit_suspended', '"from":100.5,"to":103,"refused":7');
    totals.add('audit_suspended', '"from":200,"to":201');
    totals.add('audit_suspended', '"client":"10.0.0.1","from":300,"to":900,"refused":2');
    totals.add('audit_suspended', '"from":300,"to":900,"refused":1,"worker":2');
    expect(totals.get()).toEqual({ uninspectedBytes: 0, suspendedS: 3.5, refused: 10 });
  });
});
