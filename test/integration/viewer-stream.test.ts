// `GET /api/stream` over real sockets and real files: new rows as they come, and what ends a stream.

import { appendFile, mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SESSION_MS } from '../../src/viewer/access/session.ts';
import { MAX_FOLLOWERS } from '../../src/viewer/stream/stream-api.ts';
import { compressSegment } from '../support/compress-segment.ts';
import { type EventStream, openStream, type StreamOptions } from '../support/event-stream.ts';
import { type LineFields, logLine } from '../support/log-line.ts';
import { startViewer, type TestViewer, type ViewerOptions } from '../support/start-viewer.ts';

const TOKEN = 'token-of-this-test';
const bearer = { authorization: `Bearer ${TOKEN}` };

let viewer: TestViewer;
let streams: EventStream[];
let seq: number;
beforeEach(() => {
  streams = [];
  seq = 0;
});
afterEach(async () => {
  for (const stream of streams) stream.close();
  await viewer.close();
  expect(viewer.errors).toEqual([]);
});

async function start(options: ViewerOptions = {}): Promise<void> {
  viewer = await startViewer(options);
}

async function follow(query = '', options: StreamOptions = {}): Promise<EventStream> {
  const stream = await openStream(viewer.port, `/api/stream${query}`, options);
  streams.push(stream);
  // The first event says where the stream begins.
  if (stream.status === 200) await stream.waitFor('its place', () => stream.events.length > 0);
  return stream;
}

const segment = (number: number) => join(viewer.dir, 'logs', `egress.${number}.jsonl`);
const lines = (...records: LineFields[]) =>
  records.map((record) => `${logLine({ seq: ++seq, ...record })}\n`).join('');
const write = (number: number, ...records: LineFields[]) =>
  appendFile(segment(number), lines(...records));
const got = (stream: EventStream, ...ids: string[]) =>
  stream.waitFor(`rows ${ids}`, () => JSON.stringify(stream.rowIds()) === JSON.stringify(ids));
const flow = (id: string, more: Partial<LineFields> = {}): LineFields => ({
  event: 'allowed',
  id,
  client: '10.0.0.1',
  host: 'a.test',
  ...more,
});

describe('GET /api/stream', () => {
  it('gives new rows within moments, the newest of each event first', async () => {
    await start();
    await write(1, flow('old'));
    const stream = await follow();
    const before = performance.now();
    await write(1, flow('one'), flow('two'));
    await got(stream, 'two', 'one');
    expect(performance.now() - before).toBeLessThan(1000);
    const { event, id, data } = stream.events.at(-1) ?? { event: '', id: '', data: null };
    expect([event, id, data.newest]).toEqual(['rows', data.rows[0].at, data.rows[0].at]);
    const again = await viewer.ask(`/api/logs?after=${data.newest}`);
    expect(again.json.rows).toEqual([]);
  });

  it('begins where the page stopped: what came in between is there once', async () => {
    await start();
    await write(1, flow('seen'));
    const { newest } = (await viewer.ask('/api/logs')).json;
    await write(1, flow('missed'));
    const stream = await follow(`?after=${newest}`);
    await write(1, flow('new'));
    await got(stream, 'missed', 'new');
    const back = await follow('', { headers: { 'last-event-id': newest } });
    await got(back, 'new', 'missed');
  });

  it('gives what answers the query only, and names the flows that ended without', async () => {
    await start();
    const stream = await follow('?q=host:b.test');
    const running = await follow('?q=class:running');
    await write(1, flow('i', { event: 'intent', host: 'b.test' }), flow('x'));
    await got(running, 'i');
    await got(stream, 'i');
    await write(1, flow('i', { host: 'b.test' }));
    await got(stream, 'i', 'i');
    await running.waitFor('the end', () => running.events.at(-1)?.data.ended[0] === 'i');
    await write(1, flow('no'), { event: 'checkpoint', id: '-' }, flow('yes', { host: 'b.test' }));
    await got(stream, 'i', 'i', 'yes');
    expect((await follow('?q=status:abc')).status).toBe(400);
    const twice = await follow('?q=host:a.test&q=host:b.test');
    await write(1, flow('no'), flow('last', { host: 'b.test' }));
    await got(twice, 'last');
  });

  it('finds a text in a body that is in parts, as the list does', async () => {
    await start();
    const stream = await follow('?q=body:needle');
    const without = await follow('?q=-body:needle');
    const part = (id: string, offset: number, body: string): LineFields => {
      return { event: 'part', id, dir: 'res', offset, body };
    };
    const inParts = (id: string, ...bodies: string[]) => [
      flow(id, { event: 'intent' }),
      ...bodies.map((body, at) => part(id, at * 100, body)),
      flow(id, { res_parts: bodies.length }),
    ];
    await write(1, flow('whole', { res_body: 'a needle' }));
    await write(1, ...inParts('hit', 'hay and a nee', 'dle'), ...inParts('miss', 'hay', 'hay'));
    await write(1, flow('last', { res_body: 'needles' }));
    await stream.waitFor('the last row', () => stream.rowIds().includes('last'));
    const listed = (await viewer.ask('/api/logs?q=body:needle')).json.rows;
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(['last', 'hit', 'whole']);
    expect(stream.rowIds().sort()).toEqual(['hit', 'last', 'whole']);
    expect(stream.events.some(({ event }) => event === 'gap')).toBe(false);
    expect(stream.events.flatMap(({ data }) => data.ended ?? [])).toContain('miss');
    await without.waitFor('the other flow', () => without.rowIds().includes('miss'));
    expect(without.rowIds().filter((id) => id !== 'miss')).toEqual([]);
  });

  it('waits for the whole line', async () => {
    await start();
    const stream = await follow();
    const line = lines(flow('torn'));
    await appendFile(segment(1), line.slice(0, 50));
    const other = await follow('?q=torn');
    await appendFile(segment(1), line.slice(50));
    await got(stream, 'torn');
    await got(other, 'torn');
  });

  it('goes on over rotation, compression and deletion of segments', async () => {
    await start();
    await write(1, flow('a'));
    const stream = await follow();
    await write(1, flow('b'));
    await write(2, flow('c'));
    await got(stream, 'b', 'c');
    compressSegment(segment(1));
    compressSegment(segment(2));
    await write(3, flow('d'));
    await got(stream, 'b', 'c', 'd');
    await unlink(`${segment(1)}.gz`);
    await unlink(`${segment(2)}.gz`);
    await write(3, flow('e'));
    await got(stream, 'b', 'c', 'd', 'e');
    expect(stream.events.every(({ event }) => event === 'rows')).toBe(true);
  });

  it('says that there is a gap where a segment went away unread, or was cut', async () => {
    await start();
    await write(3, flow('a'));
    const stream = await follow();
    await rename(segment(3), segment(5));
    const gaps = () => stream.events.filter(({ event }) => event === 'gap').length;
    await stream.waitFor('the gap', () => gaps() === 1);
    await write(5, flow('b'));
    await stream.waitFor('what comes later', () => stream.rowIds().includes('b'));
    await writeFile(segment(5), lines(flow('c')).slice(0, 20));
    await stream.waitFor('the next gap', () => gaps() === 2);
  });

  it('starts with an empty folder, and with none', async () => {
    await start();
    await rm(join(viewer.dir, 'logs'), { recursive: true });
    const stream = await follow();
    await mkdir(join(viewer.dir, 'logs'));
    await write(1, flow('first'));
    await got(stream, 'first');
  });

  it('sends a gap and no flood when more came than a page can take', async () => {
    await start();
    const stream = await follow();
    await write(1, ...Array.from({ length: 1500 }, (_, n) => flow(`f${n}`)));
    await stream.waitFor('the gap', () => stream.events.some(({ event }) => event === 'gap'));
    await write(1, flow('last'));
    await stream.waitFor('the next row', () => stream.rowIds().includes('last'));
    const late = await follow('?after=1:0');
    expect(late.events[0]?.event).toBe('gap');
  });

  it('sends many rows in several events, each in its order', async () => {
    await start();
    const stream = await follow();
    const names = Array.from({ length: 700 }, (_, n) => `f${n}`);
    await write(1, ...names.map((name) => flow(name)));
    await stream.waitFor('all rows', () => stream.rowIds().length === 700);
    const sizes = stream.events.map(({ data }) => data.rows.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
    const inOrder = stream.events.flatMap(({ data }) =>
      data.rows.map((row: { id: string }) => row.id).reverse(),
    );
    expect(inOrder).toEqual(names);
  });

  it('tells that something around the list changed, and not that there is traffic', async () => {
    await start();
    const stream = await follow();
    await write(1, { event: 'log_recovered', id: '-', reason: 'damaged' });
    const metas = () => stream.events.filter(({ event }) => event === 'meta').length;
    await stream.waitFor('the change', () => metas() === 1);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await writeFile(join(viewer.policyDir, 'agents.yaml'), 'agent_networks: [10.0.0.0/8]\n');
    await stream.waitFor('the change', () => metas() === 2);
  });
});

describe('who may follow', () => {
  const AGENT = '127.0.0.9';
  const agents = (network: string) =>
    writeFile(join(viewer.policyDir, 'agents.yaml'), `agent_networks: [${network}]\n`);

  it('an agent, a name that is not ours and a client without token get what the guard says', async () => {
    await start({ viewerToken: TOKEN });
    await agents(`${AGENT}/32`);
    expect((await follow('', { headers: bearer, from: AGENT })).status).toBe(403);
    expect((await follow('', { headers: { ...bearer, host: 'evil.test' } })).status).toBe(421);
    expect((await follow()).status).toBe(401);
    expect((await follow('', { headers: bearer })).status).toBe(200);
  });

  it('a client that agents.yaml makes an agent is sent away within seconds', async () => {
    await start({ viewerToken: TOKEN });
    await agents('10.0.0.0/8');
    const stream = await follow('', { headers: bearer, from: AGENT });
    const other = await follow('', { headers: bearer });
    await agents(`${AGENT}/32`);
    await stream.waitFor('its end', stream.hasEnded);
    await write(1, flow('after'));
    await got(other, 'after');
    expect(stream.rowIds()).toEqual([]);
  });

  it('a session that ends takes its stream with it', async () => {
    await start({ viewerToken: TOKEN });
    const login = await viewer.ask('/api/login', {
      method: 'POST',
      json: { token: TOKEN },
      headers: viewer.pageHeaders(),
    });
    const cookie = String(login.headers['set-cookie']).split(';')[0] ?? '';
    const stream = await follow('', { headers: { cookie } });
    expect(stream.status).toBe(200);
    viewer.pass(SESSION_MS + 1);
    await stream.waitFor('its end', stream.hasEnded);
  });

  it(`there are at most ${MAX_FOLLOWERS}, and who leaves makes room`, async () => {
    await start();
    for (let n = 0; n < MAX_FOLLOWERS; n += 1) expect((await follow()).status).toBe(200);
    const refused = await follow();
    expect(refused.status).toBe(503);
    await refused.waitFor('the reason', () =>
      refused.text().includes('pages follow the log already'),
    );
    streams[0]?.close();
    await expect.poll(async () => (await follow()).status).toBe(200);
  });
});
