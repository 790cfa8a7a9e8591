import { describe, expect, it } from 'vitest';
import { denyAll } from '../../../src/shared/policy.ts';
import { LiveFlows } from '../../../src/worker/live-flows.ts';

describe('LiveFlows', () => {
  it.each([
    ['judges again', (flows: LiveFlows) => flows.rejudge(denyAll)],
    ['cuts off', (flows: LiveFlows) => flows.cutOff()],
  ])('%s newest first, what ends meanwhile included, and nothing that was taken out', (_, end) => {
    const flows = new LiveFlows();
    const seen: string[] = [];
    const flow = (name: string) => {
      const ended = () => {
        seen.push(name);
        flows.delete(self);
      };
      const self = { rejudge: ended, cutOff: ended };
      flows.add(self);
      return self;
    };
    flow('tunnel');
    const gone = flow('gone');
    flow('exchange');
    flows.delete(gone);
    end(flows);
    expect(seen).toEqual(['exchange', 'tunnel']);
    expect(flows.size).toBe(0);
  });

  it('tells of a stop those that have somebody to tell, and says whether there was one', () => {
    const flows = new LiveFlows();
    flows.add({ rejudge() {}, cutOff() {} });
    expect(flows.shutDown()).toBe(false);
    let told = 0;
    const tell = () => {
      told += 1;
    };
    flows.add({ rejudge() {}, cutOff() {}, shutDown: tell });
    expect(flows.shutDown()).toBe(true);
    expect(told).toBe(1);
  });
});
