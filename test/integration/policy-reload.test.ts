// The policy directory under accidents: files written by halves, emptied, removed, swapped by link,
// while somebody asks all the time what is in force.

import { chmod, lstat, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PolicyWatch, startPolicyWatch } from '../../src/primary/policy/policy-watch.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const ROUNDS = 250;

let dir: TempDir;
let watch: PolicyWatch;
const path = () => join(dir.path, 'enforce.yaml');

beforeAll(async () => {
  dir = await tempDir();
  await writeFile(join(dir.path, 'mode'), 'enforce\n');
  await replace(fileOf(['first.example.test']));
  watch = await startPolicyWatch({
    dir: dir.path,
    now: () => performance.now(),
    onChange() {},
    onProblem() {},
  });
});
afterAll(async () => {
  watch.close();
  await dir.close();
});

function fileOf(hosts: readonly string[]): string {
  return `allow:\n${hosts.map((host) => `  - ${host}\n`).join('')}`;
}

async function replace(text: string): Promise<void> {
  await writeFile(`${path()}.tmp`, text);
  await rename(`${path()}.tmp`, path());
}

const hostsInForce = () => (watch.current()?.source.allow ?? []).map(({ host }) => host).join();

type Accident = (text: string, cut: number) => Promise<void>;

/** None of these leaves a file that somebody could have meant: a cut is inside a line. */
const ACCIDENTS: Readonly<Record<string, Accident>> = {
  empty: async () => writeFile(await ownFile(), ''),
  cut: async (text, cut) => {
    const part = inLine(text.slice(0, Math.ceil(cut * text.length)));
    await writeFile(await ownFile(), part);
  },
  'cut and renamed': (text, cut) => replace(inLine(text.slice(0, Math.ceil(cut * text.length)))),
  nul: (text) => replace(`${text.slice(0, 8)}\0${text.slice(8)}`),
  invalid: (text) => replace(text.replace('allow', 'alow')),
  gone: () => rm(path(), { force: true }),
  folder: async () => {
    await rm(path(), { force: true });
    await symlink(dir.path, path());
  },
  'link to nowhere': async () => {
    await rm(path(), { force: true });
    await symlink(join(dir.path, 'nowhere'), path());
  },
  device: async () => {
    await rm(path(), { force: true });
    await symlink('/dev/zero', path());
  },
  unreadable: async (text) => {
    await replace(text.slice(0, 12));
    await chmod(path(), 0);
  },
};

/** The path, without a link that would be followed. */
async function ownFile(): Promise<string> {
  const facts = await lstat(path()).catch(() => null);
  if (facts?.isSymbolicLink()) await rm(path());
  return path();
}

function inLine(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

it(`B-11 in ${ROUNDS} accidents with real files only what was written whole is in force`, async () => {
  const random = fc.sample(
    fc.record({
      accident: fc.constantFrom(...Object.keys(ACCIDENTS)),
      cut: fc.double({ min: 0.1, max: 0.95, noNaN: true }),
    }),
    { numRuns: ROUNDS, seed: 11 },
  );
  let old = hostsInForce();
  for (const [round, { accident, cut }] of random.entries()) {
    const hosts = [`host-${round}.example.test`, `other-${round}.example.test`];
    const text = fileOf(hosts);
    await ACCIDENTS[accident]?.(text, cut);
    // Longer than a change takes to be taken over: 8 ms for a rename, 40 ms for an edit in place.
    const looks = ['empty', 'cut', 'gone'].includes(accident) ? 50 : 12;
    for (let look = 0; look < looks; look += 1) {
      expect({ round, accident, hosts: hostsInForce() }).toEqual({ round, accident, hosts: old });
      await pause(1);
    }
    if (round % 5 !== 4) continue;
    // What somebody means goes in force all the same, whatever stands there.
    await replace(text);
    await waitFor(() => hostsInForce() === hosts.join(), { what: `round ${round}`, everyMs: 1 });
    old = hostsInForce();
  }
}, 60_000);
