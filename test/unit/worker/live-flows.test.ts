import { describe, expect, it } from 'vitest';
import { denyAll } from '../../../src/shared/policy.ts';
import { LiveFlows } from '../../../src/worker/live-flows.ts';

describe('LiveFlows', () => {
  it('judges again newest first, what ends meanwhile included, and nothing that was taken out', () => {
    const flows = new LiveFlows();
    const seen: string[] = [];
    const flow = (name: string) => {
      const self = {
        rejudge() {
          seen.push(name);
          flows.delete(self);
        },
      };
      flows.add(self);
      return self;
    };
    flow('tunnel');
    const gone = flow('gone');
    flow('exchange');
    flows.delete(gone);
    flows.rejudge(denyAll);
    expect(seen).toEqual(['exchange', 'tunnel']);
    expect(flows.size).toBe(0);
  });
});
