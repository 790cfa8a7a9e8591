import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES } from '../../../src/shared/audit-event.ts';
import { formatMembers, MAX_STAMP_BYTES } from '../../../src/shared/audit-line.ts';
import { Flow } from '../../../src/worker/flow.ts';
import { Capture } from '../../../src/worker/http/capture.ts';
import { fakeLink } from '../../support/fake-link.ts';

const identity = {
  client: '127.0.0.1',
  host: 'a.test',
  port: 443,
  method: 'GET',
  url: 'https://a.test/',
};

describe('Flow', () => {
  it('reports its opening with the policy it was decided under', async () => {
    const link = fakeLink();
    const flow = new Flow(link, identity);
    expect(flow.id).toBe('1-1-1');
    await expect(flow.open('intent', 7, { rule: 'r' })).resolves.toBe('ack');
    expect(link.opened).toEqual([
      { event: 'intent', flow: 1, policy: 7, identity, rest: { rule: 'r' } },
    ]);
  });

  it('has exactly one terminal record, whatever is called after', () => {
    const link = fakeLink();
    const flow = new Flow(link, identity);
    flow.end('allowed', { status: 200 });
    flow.end('error', { reason: 'late' });
    flow.part({ dir: 'res', body: 'late' });
    expect(link.records).toEqual([
      { event: 'allowed', flow: 1, fields: { ...identity, status: 200 } },
    ]);
    expect(flow.ended).toBe(true);
  });

  it('ends at once and writes its last record, with the parts before it, when all is decoded', async () => {
    const link = fakeLink();
    const flow = new Flow(link, identity);
    const capture = new Capture({
      dir: 'res',
      limitBytes: 1 << 20,
      coding: 'gzip',
      decoderLoad: { streams: 0, waitingBytes: 0 },
      skip: null,
      mustCut: () => null,
      emitPart: (fields) => flow.part(fields),
      now: () => 0,
    });
    const text = Array.from({ length: 30_000 }, (_, n) => `${n * 7919}\n`).join('');
    capture.push(gzipSync(text));
    flow.end('allowed', { status: 200 }, [capture]);
    flow.end('error', { reason: 'late' }, [capture]);
    // What comes now is no part of what was counted.
    const { bytes } = capture;
    capture.push(Buffer.from('late'));
    expect(capture.bytes).toBe(bytes);
    expect(flow.ended).toBe(true);
    expect(link.records.filter(({ event }) => event !== 'part')).toEqual([]);
    await flow.pending;
    const [last, ...parts] = [...link.records].reverse();
    expect(last).toMatchObject({ event: 'allowed', fields: { res_decoded: 'gzip', status: 200 } });
    expect(last?.fields.res_parts).toBe(parts.length);
    expect(
      parts
        .reverse()
        .map(({ fields }) => fields.body)
        .join(''),
    ).toBe(text);
  });

  it('puts WebSocket messages before its end, and none after', () => {
    const link = fakeLink();
    const flow = new Flow(link, identity);
    flow.message({ direction: 'client', opcode: 1, bytes: 2, body: 'hi' });
    flow.end('allowed', { status: 101 });
    flow.message({ direction: 'server', opcode: 8 });
    expect(link.records.map(({ event }) => event)).toEqual(['websocket', 'allowed']);
  });

  it.each([
    // Every character doubles in JSON.
    ['bodies', 64 * 1024, '\\'.repeat(9000)],
    // Control characters of Latin-1 headers take six bytes each.
    ['headers', 20 * 1024, '\u0080'.repeat(16_000)],
  ])('sends captures ahead as parts when %s would make the line too long', (_what, size, value) => {
    const link = fakeLink();
    const flow = new Flow(link, identity);
    const captures = (['req', 'res'] as const).map(
      (dir) =>
        new Capture({
          dir,
          limitBytes: 1 << 20,
          coding: null,
          decoderLoad: { streams: 0, waitingBytes: 0 },
          skip: null,
          mustCut: () => null,
          emitPart: (fields) => flow.part(fields),
          now: () => 0,
        }),
    );
    for (const capture of captures) capture.push(Buffer.alloc(size, '"'));
    const headers = [['a', value]] as const;
    flow.end('allowed', { status: 200, req_headers: headers, res_headers: headers }, captures);
    expect(link.records.map((record) => record.event)).toEqual(['part', 'part', 'allowed']);
    expect(link.records[2]?.fields).toMatchObject({ req_parts: 1, res_parts: 1, status: 200 });
    for (const { fields } of link.records) {
      expect(Buffer.byteLength(formatMembers(fields))).toBeLessThan(
        MAX_RECORD_BYTES - MAX_STAMP_BYTES,
      );
    }
  });

  it.each(['blocked', 'allowed'] as const)(
    'writes a last record (%s) also where heads alone are too long for one, and says so',
    (event) => {
      const link = fakeLink();
      const flow = new Flow(link, { ...identity, url: `http://a.test/${'\u0001'.repeat(20_000)}` });
      const req_headers = [['cookie', '\u0080'.repeat(44_000)]] as const;
      flow.end(event, { status: 431, reason: 'head_too_large', req_headers, req_bytes: 7 });
      expect(link.records).toHaveLength(1);
      const fields = link.records[0]?.fields;
      expect(fields).toMatchObject({ status: 431, reason: 'head_too_large', req_bytes: 7 });
      expect(fields).toMatchObject({ host: identity.host, req_truncated: 'limit' });
      expect(fields?.req_headers).toBeUndefined();
      expect(fields?.url).toHaveLength(1024);
    },
  );
});
