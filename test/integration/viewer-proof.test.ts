// What the viewer says about one record's place in the chain, and about it under the policy of now:
// over a log with real signatures, and over one in which bytes were changed on the disk.

import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  compress,
  hashOf,
  LogWriter,
  newSigner,
  type SignedLog,
  signedLog,
  textOf,
  writeSignedLog,
} from '../support/signed-log.ts';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';
import { writeLog } from '../support/write-log.ts';

let viewer: TestViewer;
let log: SignedLog;
const signer = newSigner();

beforeEach(async () => {
  viewer = await startViewer();
  log = signedLog({ signer });
});
afterEach(async () => {
  expect(viewer.errors).toEqual([]);
  await viewer.close();
});

const folder = () => dirname(viewer.logPath);
const fileOf = (number: number) => join(folder(), `egress.${number}.jsonl`);
const linesOf = (number: number) => log.segments[number - 1]?.lines ?? [];
const offsetOf = (number: number, line: number) => textOf(linesOf(number).slice(0, line)).length;
const proofOf = async (number: number, line: number) => {
  const at = `${number}:${offsetOf(number, line)}`;
  return (await viewer.ask(`/api/logs/x/proof?at=${at}`)).json;
};
/** Changes bytes of a line on the disk, its length kept. */
async function damage(number: number, line: number): Promise<void> {
  const bytes = await readFile(fileOf(number));
  const at = offsetOf(number, line) + (linesOf(number)[line] ?? '').length - 6;
  bytes.write('yyy', at);
  await writeFile(fileOf(number), bytes);
}

describe('the proof of a record', () => {
  it('names file, number and hashes, good links and the checkpoint that covers it', async () => {
    await writeSignedLog(folder(), log);
    const line = linesOf(2)[3] ?? '';
    const record = JSON.parse(line);
    const proof = await proofOf(2, 3);
    expect(proof).toMatchObject({
      file: 'egress.2.jsonl',
      segment: 2,
      offset: offsetOf(2, 3),
      seq: record.seq,
      prev: record.prev,
      hash: hashOf(line),
      before: 'good',
      after: 'good',
      links: 'good',
      checkpoint: { signature: 'good', key: signer.key, chain: 'good' },
      whole: null,
    });
    const checkpoint = linesOf(2).find((each) => each.includes('"event":"checkpoint"')) ?? '';
    expect(proof.checkpoint.seq).toBe(JSON.parse(checkpoint).seq);
    expect(proof.summary).toMatch(/links it to the records on both sides.*whose signature fits/);
  });

  it('follows the chain from segment to segment, plain and compressed', async () => {
    await writeSignedLog(folder(), log, [1, 2]);
    expect(await proofOf(2, 0)).toMatchObject({ before: 'good', after: 'good' });
    const last = linesOf(1).length - 1;
    expect(await proofOf(1, last)).toMatchObject({ after: 'good', links: 'good' });
    expect(await proofOf(1, 0)).toMatchObject({ before: 'first', links: 'good' });
  });

  it('says of the newest record that nothing follows it, and that nothing is signed yet', async () => {
    await writeSignedLog(folder(), log);
    const proof = await proofOf(3, linesOf(3).length - 1);
    expect(proof).toMatchObject({ after: 'last', links: 'good' });
    expect(proof.checkpoint).toMatchObject({ signature: 'none', seq: null, chain: 'good' });
    expect(proof.summary).toContain('none follows yet');
  });

  it('has bad links on both sides of a line that was changed on the disk', async () => {
    await writeSignedLog(folder(), log);
    await damage(2, 3);
    expect(await proofOf(2, 3)).toMatchObject({ before: 'good', after: 'bad', links: 'bad' });
    expect(await proofOf(2, 4)).toMatchObject({ before: 'bad', after: 'good', links: 'bad' });
    expect(await proofOf(2, 2)).toMatchObject({ links: 'good', checkpoint: { chain: 'bad' } });
    expect((await proofOf(2, 2)).summary).toMatch(/broken between it and checkpoint \d+/);
    expect(await proofOf(2, 7)).toMatchObject({ links: 'good', checkpoint: { chain: 'good' } });
  });

  it('sees a checkpoint whose signature does not fit', async () => {
    const other = new LogWriter({ signer });
    other.records(2).checkpoint();
    const line = other.log.segments[0]?.lines[3] ?? '';
    const forged = `${line.slice(0, -4)}${line.slice(-4, -2) === '00' ? '11' : '00'}"}`;
    other.log.segments[0]?.lines.splice(3, 1, forged);
    log = other.log;
    await writeSignedLog(folder(), log);
    expect(await proofOf(1, 1)).toMatchObject({ links: 'good', checkpoint: { signature: 'bad' } });
  });

  it('says that a neighbour is unknown where its segment is gone', async () => {
    log = { ...log, segments: log.segments.slice(1) };
    for (const { number, lines } of log.segments) {
      await writeFile(`${fileOf(number)}.gz`, compress(textOf(lines)));
    }
    const { json } = await viewer.ask('/api/logs/x/proof?at=2:0');
    expect(json).toMatchObject({ before: 'unknown', links: 'unknown' });
  });

  it('has no proof for a line of the original’s file, and none for what is no place of a line', async () => {
    await writeSignedLog(folder(), log);
    await writeFile(join(folder(), 'egress.0.jsonl'), '{"ts":1,"host":"old.test"}\n');
    const { json } = await viewer.ask('/api/logs/-/proof?at=0:0');
    expect(json).toMatchObject({ links: 'unknown', seq: null });
    expect((await viewer.ask('/api/logs/x/proof?at=2:1')).status).toBe(404);
    expect((await viewer.ask('/api/logs/x/proof?at=99:0')).status).toBe(404);
    expect((await viewer.ask('/api/logs/x/proof?at=nowhere')).status).toBe(400);
    expect((await viewer.ask('/api/logs/none/proof')).status).toBe(404);
  });
});

describe('why, asked of the policy of now', () => {
  const request = {
    event: 'allowed',
    id: '1-1-7',
    client: '10.0.0.1',
    host: 'api.test.example',
    port: 443,
    method: 'POST',
    url: 'https://api.test.example/v1/items/7?token=1',
    status: 200,
    mode: 'enforce',
    policy: 3,
    rule: 'enforce.yaml:2 api.test.example',
  } as const;
  const why = async () => (await viewer.ask('/api/logs/1-1-7/why')).json;
  const write = (name: string, text: string) => writeFile(join(viewer.policyDir, name), text);

  it('tells what was decided, what would be today, and where the rule stands now', async () => {
    await writeLog(viewer.logPath, [request]);
    await write('mode', 'enforce\n');
    await write('enforce.yaml', 'allow:\n  - api.test.example\n');
    expect(await why()).toMatchObject({
      recorded: { allow: true, policy: 3, place: { file: 'enforce.yaml', line: 2, now_line: 2 } },
      now: { allow: true, reason: 'rule', place: { line: 2, text: '- api.test.example' } },
      changed: false,
      problem: '',
    });
    await write('enforce.yaml', 'allow:\n  - other.example\n  # moved\n  - api.test.example\n');
    expect(await why()).toMatchObject({ recorded: { place: { line: 2, now_line: 4 } } });
    await write('enforce.yaml', 'allow:\n  - other.example\n');
    expect(await why()).toMatchObject({
      recorded: { allow: true, place: { now_line: null } },
      now: { allow: false, reason: 'not_in_allowlist', would_block: false },
      changed: true,
    });
    await write('mode', 'audit\n');
    expect(await why()).toMatchObject({ now: { allow: true, would_block: true }, changed: true });
  });

  it('has no answer while a file is wrong, and names the line', async () => {
    await writeLog(viewer.logPath, [request]);
    await write('enforce.yaml', 'allow:\n  - "*"\n');
    const answer = await why();
    expect(answer).toMatchObject({ now: null, changed: false });
    expect(answer.problem).toMatch(/^enforce\.yaml:2: /);
  });

  it('gives the narrowest valid entry that names the request', async () => {
    await writeLog(viewer.logPath, [request]);
    const { entry } = await why();
    expect(entry.allow).toBe(
      'allow:\n  - host: "api.test.example"\n    ports: [443]\n    subdomains: false\n' +
        '    paths:\n      - { method: "POST", prefix: "/v1/items/" }\n',
    );
    expect(entry.block).toMatch(/^block:\n/);
    await write('enforce.yaml', entry.allow);
    expect(await why()).toMatchObject({ now: { allow: true, reason: 'rule' } });
  });

  it('does not ask again what the rules for hosts do not decide', async () => {
    const refused = { ...request, event: 'blocked', reason: 'plain_http_on_443' } as const;
    await writeLog(viewer.logPath, [refused]);
    expect(await why()).toMatchObject({ recorded: { allow: false }, now: null, changed: false });
    expect((await why()).note).toContain('not asked again');
    expect((await viewer.ask('/api/logs/none/why')).status).toBe(404);
  });
});
