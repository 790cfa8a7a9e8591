import { describe, expect, it } from 'vitest';
import type { Status } from '../../../../../src/shared/status.ts';
import {
  checkPolicy,
  checkRunning,
  checkSettings,
  type RunningFacts,
} from '../../../../../src/viewer/cli/doctor/running-checks.ts';
import { STATUS } from './status-fixture.ts';

const FACTS: RunningFacts = {
  status: STATUS,
  alive: true,
  problems: [],
  stateDir: '/s',
  settings: { problem: null, file: null, isDenied: false, changedMs: null },
};
const MISTAKE = { file: 'enforce.yaml', line: 2, column: 5, message: 'wrong' };
const settings = (changes: Partial<RunningFacts['settings']>) => ({
  settings: { ...FACTS.settings, ...changes },
});
const status = (changes: Partial<Status>) => ({ status: { ...STATUS, ...changes } });

describe('checkRunning()', () => {
  it.each<[string, Partial<RunningFacts>, string, RegExp]>([
    ['runs', {}, 'ok', /ready, 2 workers/],
    ['is not ready', { problems: ['no policy'] }, 'fail', /not ready: no policy/],
    ['has ended', { alive: false, problems: ['gone'] }, 'fail', /does not run: gone/],
    ['never ran', { status: null, alive: false, problems: ['x'] }, 'fail', /does not run/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkRunning({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkSettings()', () => {
  const file = '/etc/default/leash';
  it.each<[string, Partial<RunningFacts>, string, RegExp]>([
    ['environment', {}, 'ok', /environment/],
    ['file', settings({ file, changedMs: 10 }), 'ok', /default\/leash/],
    ['file, changed later', settings({ file, changedMs: 2e12 }), 'warn', /changed after/],
    [
      'changed, not running',
      { ...settings({ file, changedMs: 2e12 }), alive: false },
      'ok',
      /from/,
    ],
    ['wrong', settings({ problem: 'LEASH_FOO is not a setting' }), 'fail', /LEASH_FOO/],
    ['not to be read', settings({ problem: 'may not', isDenied: true }), 'unknown', /may not/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkSettings({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkPolicy()', () => {
  it.each<[string, Partial<RunningFacts>, string, RegExp]>([
    ['in force', {}, 'ok', /version 3 .* mode enforce/],
    ['a mistake', status({ problems: [MISTAKE] }), 'fail', /^enforce\.yaml:2:5: wrong$/],
    ['two', status({ problems: [MISTAKE, MISTAKE] }), 'fail', /and 1 more$/],
    ['none', status({ policy: null }), 'fail', /no policy/],
    [
      'an older one at a worker',
      status({ workers: [{ number: 1, pid: 1, listening: true, policy: 2 }] }),
      'fail',
      /1 worker still/,
    ],
    ['leash has ended', { alive: false }, 'unknown', /does not run/],
    ['leash never ran', { status: null }, 'unknown', /does not run/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkPolicy({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});
