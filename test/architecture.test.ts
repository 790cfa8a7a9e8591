// The rules of the architecture that no linter knows. Reads the sources as text; a name says the
// rule, and what a failure shows is the list of files that break it.

import { describe, expect, it } from 'vitest';
import {
  findCycle,
  type Import,
  invariantsOf,
  readProjectFile,
  readSources,
  type SourceFile,
} from './support/source-tree.ts';

const MAX_LINES = 300;
/** So much of an invariant is quoted by a test's text: enough to be unique, short enough to type. */
const QUOTED_CHARS = 30;

const sources = readSources('src');
const tests = readSources('test');
const bench = readSources('bench');
const own = tests.find(({ path }) => path === 'test/architecture.test.ts');
const PROCESSES = ['primary', 'worker', 'viewer'];
const UI = 'src/viewer/ui/';

/** One home per package: whoever needs it elsewhere imports the home's function. */
const PACKAGE_HOMES: Readonly<Record<string, RegExp>> = {
  '@hono/node-server': /^src\/viewer\/(main|app|api|ui-files)\.ts$/,
  hono: /^src\/viewer\/(?:[a-z]+\/)*[\w-]+\.tsx?$/,
  'ipaddr.js': /^src\/shared\/address\.ts$/,
  'lru-cache': /^src\/worker\/tls\/leaf-cache\.ts$/,
  'node-forge': /^src\/primary\/ca\/certificate\.ts$/,
  pino: /^src\/(primary|worker|viewer)\/(main|diagnostics)\.ts$/,
  'pino-roll': /^src\/(primary|worker|viewer)\/(main|diagnostics)\.ts$/,
  piscina: /^src\/(primary\/archive|viewer\/(decode|index|policy|replay|verify))\/[\w-]+\.ts$/,
  'prom-client': /^src\/viewer\/metrics\/family\.ts$/,
  '@preact/signals': /^src\/viewer\/ui\//,
  preact: /^src\/viewer\/ui\//,
  ws: /^src\/worker\/websocket\/frame-rules\.ts$/,
  tldts: /^src\/shared\/policy-[\w-]+\.ts$/,
  yaml: /^src\/shared\/policy-[\w-]+\.ts$|^src\/viewer\/policy\/policy-(edit|splice)\.ts$/,
  'node:cluster': /^src\/(primary\/workers|worker\/main)\.ts$/,
};

/** Tools that are run, not imported. `@types` packages go with the package they describe. */
const RUN_BY_SCRIPTS = ['typescript', '@biomejs/biome'];

describe('import direction', () => {
  it('shared is pure: it imports shared, node:crypto, node:buffer, node:zlib and its homed packages only; move I/O into a process', () => {
    const pure = ['node:crypto', 'node:buffer', 'node:zlib'];
    const wrong = importsOf(inFolder('src/shared/')).filter(
      ({ target, relative }) =>
        !(relative
          ? target.startsWith('src/shared/')
          : pure.includes(target) || target in PACKAGE_HOMES),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it.each(PROCESSES)(
    '%s imports shared and itself, never another process; share by way of src/shared',
    (name) => {
      const folder = `src/${name}/`;
      const wrong = importsOf(inFolder(folder)).filter(
        ({ target, relative }) =>
          relative && !target.startsWith(folder) && !target.startsWith('src/shared/'),
      );
      expect(shown(wrong)).toEqual([]);
    },
  );

  it('the page imports preact, hono/client, itself, types of the API and browser-safe shared files; nothing of node', () => {
    const wrong = importsOf(inFolder(UI)).filter(({ from, target, relative, typeOnly }) => {
      if (!relative) return !/^(@preact\/signals|preact)$/.test(target) && from !== 'hono/client';
      if (target.startsWith(UI)) return false;
      if (typeOnly) return !/^src\/(viewer\/(?:[a-z]+\/)?|shared\/)[\w-]+\.ts$/.test(target);
      return !target.startsWith('src/shared/') || needsNode(target, new Set());
    });
    expect(shown(wrong)).toEqual([]);
  });

  it('nothing but the page imports the page, and the command line imports no web server', () => {
    const wrong = importsOf(sources).filter(
      ({ by, target }) =>
        (target.startsWith(UI) && !by.startsWith(UI)) ||
        (by.startsWith('src/viewer/cli/') && /hono|preact|viewer\/(app|api)\.ts/.test(target)),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('there is no import cycle; move what both need into a third file', () => {
    expect(findCycle(sources)).toBeNull();
  });
});

describe('packages', () => {
  it('each package has one home; import the home instead, or add a row to PACKAGE_HOMES with a reason', () => {
    const wrong = importsOf(sources).filter(
      ({ by, target, relative, typeOnly }) =>
        !relative &&
        !typeOnly &&
        (target in PACKAGE_HOMES ? !PACKAGE_HOMES[target]?.test(by) : !target.startsWith('node:')),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('each dependency is imported somewhere or run by a script; remove it from package.json otherwise', () => {
    const configs = readSources('.').filter(({ path }) => /^[\w.]+\.config\.ts$/.test(path));
    const imported = new Set(
      importsOf([...sources, ...tests, ...bench, ...configs]).map(({ target }) => target),
    );
    const unused = dependencies().filter(
      (name) => !imported.has(describedBy(name)) && !RUN_BY_SCRIPTS.includes(name),
    );
    expect(unused).toEqual([]);
  });

  it('ARCHITECTURE.md names each dependency and says why it is here', () => {
    const text = readProjectFile('ARCHITECTURE.md') ?? dependencies().join(' ');
    const unnamed = dependencies().filter(
      (name) => !name.startsWith('@types/') && !text.includes(name),
    );
    expect(unnamed).toEqual([]);
  });

  it('package-lock.json holds no address of a registry; remove its "resolved" members', () => {
    const lines = (readProjectFile('package-lock.json') ?? '').split('\n');
    expect(lines.filter((line) => line.includes('"resolved"'))).toEqual([]);
  });
});

describe('files', () => {
  it(`no file is longer than ${MAX_LINES} lines; split it by what it knows`, () => {
    const long = [...sources, ...tests, ...bench].filter(({ lineCount }) => lineCount > MAX_LINES);
    expect(long.map(({ path, lineCount }) => `${path}: ${lineCount}`)).toEqual([]);
  });

  it('each source opens with a comment: what it is for, and what it must not know', () => {
    const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/[/*]/.test(text));
    expect(paths(bare)).toEqual([]);
  });

  it('each shared file with code has a test at test/unit/shared/<name>.test.ts', () => {
    const untested = inFolder('src/shared/')
      .filter(({ code }) => /^export (async )?(function|const|class)/m.test(code))
      .map(({ path }) => path.replace('src/', 'test/unit/').replace(/\.ts$/, '.test.ts'))
      .filter((path) => !tests.some((test) => test.path === path));
    expect(untested).toEqual([]);
  });

  it('shared reads no environment, clock or chance; pass the value in', () => {
    const impure =
      /\bprocess\.|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bset(Timeout|Interval)\b|\brandom(Bytes|UUID|Int)\b|\bfetch\(/;
    expect(linesWith(inFolder('src/shared/'), impure)).toEqual([]);
  });

  it('no console; use the diagnostic log, or process.stdout in an entry point', () => {
    expect(linesWith(sources, /\bconsole\./)).toEqual([]);
  });

  it('no default export and no barrel; export the thing by its name, import it from its file', () => {
    expect(linesWith(sources, /^export default |^export \* from /)).toEqual([]);
  });

  it('no note of work left to do; do it, or say in a sentence what is not handled and why', () => {
    const all = [...sources, ...tests, ...bench].filter((file) => file !== own);
    const marks = /\b(TODO|FIXME|XXX|HACK)\b/;
    const found = all.flatMap(({ path, text }) =>
      text
        .split('\n')
        .filter((line) => marks.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });
});

describe('invariants', () => {
  it(`a test quotes the first ${QUOTED_CHARS} characters of each "Invariant:"; put them into the name of the test that breaks it`, () => {
    const quoted = tests
      .filter((file) => file !== own)
      .map(({ text }) => text.replace(/\s+/g, ' '))
      .join('\n');
    const untested = sources.flatMap((source) =>
      invariantsOf(source)
        .filter((invariant) => !quoted.includes(invariant.slice(0, QUOTED_CHARS)))
        .map((invariant) => `${source.path}: ${invariant}`),
    );
    expect(untested).toEqual([]);
  });
});

type ImportBy = Import & { readonly by: string };

function importsOf(files: readonly SourceFile[]): ImportBy[] {
  return files.flatMap(({ path, imports }) => imports.map((found) => ({ ...found, by: path })));
}

function inFolder(prefix: string): SourceFile[] {
  return sources.filter(({ path }) => path.startsWith(prefix));
}

/** Whether a shared file, or one that it imports, is not for browsers. */
function needsNode(path: string, seen: Set<string>): boolean {
  if (seen.has(path)) return false;
  seen.add(path);
  const imports = sources.find((source) => source.path === path)?.imports ?? [];
  return imports.some(
    ({ target, relative, typeOnly }) =>
      !typeOnly && (relative ? needsNode(target, seen) : target.startsWith('node:')),
  );
}

function dependencies(): string[] {
  const manifest = JSON.parse(readProjectFile('package.json') ?? '{}');
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
}

/** `@types/x` → what is imported when it is of use; `@types/node` → any builtin. */
function describedBy(name: string): string {
  if (name === '@types/node') return 'node:fs';
  return name.startsWith('@types/') ? name.slice('@types/'.length) : name;
}

function linesWith(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) =>
    code
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
}

function shown(imports: readonly ImportBy[]): string[] {
  return imports.map(({ by, from }) => `${by} imports ${from}`);
}

function paths(files: readonly SourceFile[]): string[] {
  return files.map(({ path }) => path);
}
