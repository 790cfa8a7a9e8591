import { describe, expect, it } from 'vitest';
import {
  type AccessFacts,
  checkLogFolder,
  checkPolicyFolder,
  checkSecrets,
  checkUsers,
  type Entry,
  mayWrite,
} from '../../../../../src/viewer/cli/doctor/access-checks.ts';

const secret: Entry = {
  path: '/s/private/ca.key',
  kind: 'secret',
  mode: 0o100600,
  uid: 10,
  gid: 10,
};
const log: Entry = { path: '/l', kind: 'log', mode: 0o40750, uid: 10, gid: 30 };
const policy: Entry = { path: '/p', kind: 'policy', mode: 0o40775, uid: 12, gid: 12 };
const FACTS: AccessFacts = {
  entries: [secret, log, policy],
  hidden: [],
  primary: { uid: 10, gids: [10] },
  worker: { uid: 11, gids: [11] },
  viewer: { uid: 12, gids: [12, 30] },
};
const entries = (...changed: Entry[]) => ({ entries: changed });

describe('checkSecrets()', () => {
  it.each<[string, Partial<AccessFacts>, string, RegExp]>([
    ['closed', {}, 'ok', /nobody but/],
    ['group may read', entries({ ...secret, mode: 0o100640 }), 'fail', /ca\.key \(0640\)/],
    ['folder is open', entries({ ...secret, mode: 0o40711 }), 'fail', /0711/],
    ['of another user', entries({ ...secret, uid: 99 }), 'fail', /of another user/],
    ['owner unknown', { ...entries({ ...secret, uid: 99 }), primary: null }, 'ok', /nobody/],
    ['hidden', { hidden: ['/s/private'] }, 'unknown', /\/s\/private/],
    ['nothing there', entries(), 'unknown', /private/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkSecrets({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkLogFolder() and checkPolicyFolder()', () => {
  it.each<[string, Partial<AccessFacts>, string, RegExp]>([
    ['closed', {}, 'ok', /those only/],
    ['everybody', entries({ ...log, mode: 0o40777 }), 'fail', /everybody may write \/l \(0777\)/],
    ['the worker owns it', entries({ ...log, uid: 11 }), 'fail', /worker's user/],
    ['the group of the viewer', entries({ ...log, mode: 0o40770 }), 'fail', /viewer's user/],
    [
      'one user for all',
      { worker: { uid: 10, gids: [10] }, viewer: { uid: 10, gids: [10] } },
      'ok',
      /those only/,
    ],
    ['no process', { primary: null, worker: null, viewer: null }, 'ok', /those only/],
    ['hidden', { ...entries(secret), hidden: ['/l'] }, 'unknown', /\/l/],
  ])('the log folder: %s', (_, changes, outcome, what) => {
    expect(checkLogFolder({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });

  it('the viewer may write the policy, a worker may not', () => {
    expect(checkPolicyFolder(FACTS)).toMatchObject({ outcome: 'ok' });
    const worker = { uid: 11, gids: [11, 12] };
    expect(checkPolicyFolder({ ...FACTS, worker })).toMatchObject({ outcome: 'fail' });
  });
});

describe('checkUsers()', () => {
  it.each<[string, Partial<AccessFacts>, string, RegExp]>([
    ['own users', {}, 'ok', /their own/],
    ['one for all', { worker: { uid: 10, gids: [] } }, 'warn', /^workers run as user 10/],
    [
      'root',
      { primary: { uid: 0, gids: [] }, worker: { uid: 0, gids: [] }, viewer: { uid: 0, gids: [] } },
      'warn',
      /^workers and the viewer run as root/,
    ],
    ['viewer off', { viewer: null }, 'ok', /their own/],
    ['not to be seen', { worker: null }, 'unknown', /cannot be seen/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkUsers({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('mayWrite()', () => {
  it.each<[string, number, number, readonly number[], boolean]>([
    ['root', 0o400, 0, [], true],
    ['its owner, who may change the mode', 0o400, 10, [], true],
    ['its group', 0o460, 11, [30], true],
    ['its group that may only read', 0o446, 11, [30], false],
    ['others', 0o402, 11, [11], true],
    ['nobody', 0o444, 11, [11], false],
  ])('%s', (_, mode, uid, gids, may) => {
    expect(mayWrite({ ...log, mode }, { uid, gids })).toBe(may);
  });
});
