// The turns of programs, and what becomes of one that fails. Programs and scenario are made up.

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Origin } from '../../../bench/origin.ts';
import type { MeasuredProgram, Program, Totals } from '../../../bench/programs/program.ts';
import { runScenario } from '../../../bench/run-scenario.ts';
import type { Scenario } from '../../../bench/scenario.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

/** Larger than any that Linux gives. */
const NO_PID = 2 ** 22 + 1;

let temp: TempDir;
beforeAll(async () => {
  temp = await tempDir();
});
afterAll(() => temp.close());

it('programs take turns, their logs are asked in the end, and each failure is of one program', async () => {
  const events: string[] = [];
  const started = (name: string, check: (totals: Totals) => void): MeasuredProgram => ({
    ...{ pid: NO_PID, port: 1, isReverse: false },
    async stop() {
      events.push(`stop ${name}`);
    },
    check: async (totals) => check(totals),
  });
  const program = (name: string, start: Program['start']): Program => ({
    ...{ name, describe: () => `is ${name}`, start },
  });
  let asked: Totals | null = null;
  const programs = [
    program('good', async () =>
      started('good', (totals) => {
        asked = totals;
      }),
    ),
    { ...program('absent', () => null), describe: () => null },
    program('unfit', () => null),
    program('stillborn', () => Promise.reject(new Error('no port'))),
    program('liar', async () => {
      return started('liar', () => {
        throw new Error('its log disagrees');
      });
    }),
    program('breaks', () => null),
  ];
  const origin = { name: 'origin 1', stop: async () => void events.push('stop origin') } as Origin;
  const scenario: Scenario = {
    ...{ name: 's', what: '', columns: [], compared: 'ms', buffering: true },
    unfit: { unfit: 'cannot' },
    turnSeconds: () => 1,
    startOrigin: async () => origin,
    async run({ dir, sent, options }) {
      const name = /([a-z]+)-\w+$/.exec(dir)?.[1] ?? '';
      events.push(name);
      if (name === 'breaks' && events.filter((event) => event === name).length > 1)
        throw new Error('an answer was not whole');
      sent({ requests: 2, requestBytes: 3, answerBytes: 5 });
      return { ms: options.seconds };
    },
  };
  const said: string[] = [];
  const { results, originName } = await runScenario(scenario, {
    options: { rounds: 3, seconds: 7, connections: 1, scenarios: [], programs: [], log: null },
    ...{ programs, folder: temp.path, cleanup: [], interrupted: new AbortController().signal },
    say: (text) => void said.push(text),
  });

  expect(originName).toBe('origin 1');
  expect(events).toEqual([
    ...['good', 'liar', 'breaks'],
    ...['good', 'liar', 'breaks'],
    ...['good', 'liar'],
    ...['stop good', 'stop liar', 'stop origin'],
  ]);
  expect(asked).toEqual({ requests: 6, requestBytes: 9, answerBytes: 15 });
  const round = { ms: 7, laterCpuSeconds: 0 };
  expect(results.map(({ program: name, outcome }) => [name, outcome])).toEqual([
    ['good', { rounds: [round, round, round] }],
    ['absent', { skipped: 'not installed' }],
    ['unfit', { skipped: 'cannot' }],
    ['stillborn', { problem: 'no port' }],
    ['liar', { problem: 'its log disagrees' }],
    ['breaks', { problem: 'an answer was not whole' }],
  ]);
  expect(said).toContain('s 2 breaks: FAILED: an answer was not whole\n');
});
