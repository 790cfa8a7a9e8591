import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** On two cores Vitest alone would run one file at a time, and many of these wait more than they work. */
const SIDE_BY_SIDE = Math.max(2, availableParallelism() - 1);

const BROWSER = [
  'test/e2e/viewer-{a11y,actions,damage,detail,detail-actions,gap,harden,harden-doubt,keys,page,query,quick-filters,safe,secrets,xss}.test.ts',
];

const CLIENTS = [
  'test/e2e/clients/**/*.test.ts',
  'test/e2e/{audit-to-enforce,diagnostics,hostile-text,leashctl*,log-kept,metrics,policy-api,record,request,run,tickets,upstream-proxy}.test.ts',
];

// `unit` is the gate before each commit; the other projects need the built program.
export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/architecture.test.ts',
            'test/docs.test.ts',
            'test/unit/**/*.test.ts',
            'test/property/**/*.test.ts',
          ],
          // A property of a thousand cases takes a second alone, and several on a busy machine.
          testTimeout: 20_000,
          maxWorkers: SIDE_BY_SIDE,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          maxWorkers: SIDE_BY_SIDE,
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          // The page in a real browser.
          name: 'browser',
          include: BROWSER,
          maxWorkers: SIDE_BY_SIDE,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // Real clients and the command line at the built program.
          name: 'clients',
          include: CLIENTS,
          maxWorkers: SIDE_BY_SIDE,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [...BROWSER, ...CLIENTS],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          // After the others, alone on the machine: these tests measure time and memory.
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'protocols',
          include: ['test/protocols/**/*.test.ts'],
          globalSetup: ['test/protocols/report.ts'],
          // The long form moves 10 GB in each direction, between each two protocols.
          testTimeout: process.env.TORTURE === 'long' ? 1_800_000 : 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'torture',
          include: ['test/torture/**/*.test.ts'],
          globalSetup: ['test/torture/report.ts'],
          // The long form takes minutes for a check; each has its own limits within.
          testTimeout: process.env.TORTURE === 'long' ? 1_800_000 : 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          // What a request costs: last, and alone on the machine.
          name: 'bench',
          include: ['test/bench/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
