import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from '@typescript/typescript6';
import { describe, expect, test } from 'vitest';

// Top to bottom. A room imports only from floors below its own, or from itself.
const FLOORS = [
  ['bin'],
  ['commands'],
  ['serve', 'maintain'],
  ['overview'],
  ['cutover'],
  ['analyse'],
  ['drain', 'load', 'alerts', 'compare', 'init'],
  ['metrics'],
  ['checks', 'breaker', 'routing', 'streams', 'sources', 'sinks'],
  ['config', 'backends', 'transform'],
  ['errors', 'events', 'model'],
];

/** Rooms that others enter through their index.ts alone. */
const CAPABILITIES = new Set([...FLOORS.slice(2, 8).flat(), 'checks', 'breaker', 'routing', 'streams']);

/** The public library re-exports from every room of src. */
const PUBLIC = 'src/index.ts';

/** Text of each source file by its path from the root of the project. */
type Sources = Record<string, string>;

function roomOf(path: string): string {
  const [top, second = ''] = path.split('/');
  return top === 'src' ? second.replace(/\.ts$/, '') : top!;
}

function floorOf(path: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(path)));
}

function importsOf(path: string, text: string): string[] {
  const specifiers = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)['"](\.[^'"]+)['"]/g);
  return [...specifiers].map(([, specifier]) => normalize(join(dirname(path), specifier!)));
}

function importBreach(from: string, to: string): string | undefined {
  if (from === PUBLIC || roomOf(from) === roomOf(to)) return undefined;
  if (to.startsWith('completions/'))
    return from.startsWith('commands/') ? undefined : `${from} imports ${to}`;
  if (floorOf(to) < 0) return `${from} imports ${to}, which is in no room`;
  if (floorOf(to) <= floorOf(from)) return `${from} imports upwards or sideways: ${to}`;
  if (!CAPABILITIES.has(roomOf(to)) || to === `src/${roomOf(to)}/index.ts`) return undefined;
  return `${from} imports past the index: ${to}`;
}

function wordBreaches(path: string, text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
  const breaches: string[] = [];
  const inConfig = path.startsWith('src/config/') || path.startsWith('commands/');
  if (!inConfig && /\bprocess\.env\b/.test(code)) breaches.push(`${path} reads the environment`);
  if (!path.startsWith('src/')) return breaches;
  if (/\bconsole\s*\./.test(code)) breaches.push(`${path} prints`);
  if (/\bprocess\.(exit\b|exitCode\b|stdout\b|stderr\b)/.test(code)) breaches.push(`${path} exits or prints`);
  return breaches;
}

/** What a person is told must say what to do; the compiler sees that there is a hint, and not that it is empty. */
function hintBreaches(path: string, text: string): string[] {
  const blockers = text.matchAll(/\{[^{}]*level: 'blocker'(?: as const)?,(?:[^{}]|\{[^{}]*\})*\}/g);
  const silent = [...blockers].filter(([finding]) => !/\bremedy\b/.test(finding));
  const errors = text.matchAll(/new QctlError\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g);
  const empty = [...errors].filter(([error]) => /hint: \[\s*\]/.test(error));
  return [
    ...silent.map(() => `${path} has a blocker without a remedy`),
    ...empty.map(() => `${path} has an error without a hint`),
  ];
}

const MOST_LINES = 250;

function sizeBreaches(path: string, text: string): string[] {
  const lines = text.split('\n').length - 1;
  return lines > MOST_LINES ? [`${path} has ${lines} lines`] : [];
}

const MOST_LINES_OF_FUNCTION = 40;

/** Functions that are longer, since they are lists: nothing in them could be given a name of its own. */
const LISTS = new Set([
  // Options of the command line, one after the other.
  'commands/drain/options.ts addDrainOptions',
  // One statement of SQL.
  'src/drain/back/postgres/sql.ts restoreSql',
  // Fields of a report and of a status.
  'src/drain/report.ts makeReport',
  'src/drain/status.ts statusOf',
]);

/** Long functions of a file, as `PATH NAME`. */
function longFunctionsOf(path: string, text: string): string[] {
  const { Latest } = ts.ScriptTarget;
  const how = { languageVersion: Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseNone };
  const file = ts.createSourceFile(path, text, how);
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node, parent: ts.Node): string[] => {
    const inner: string[] = [];
    ts.forEachChild(node, (child) => void inner.push(...visit(child, node)));
    if (!ts.isFunctionLike(node) || !('body' in node && node.body)) return inner;
    if (lineAt(node.end) - lineAt(node.getStart(file)) < MOST_LINES_OF_FUNCTION) return inner;
    const { name } = node.name ? node : (parent as ts.NamedDeclaration);
    return [`${path} ${name && ts.isIdentifier(name) ? name.text : 'without a name'}`, ...inner];
  };
  return visit(file, file);
}

/** Head and body of a long function: one of them has so many lines that begin further in. Few files need to be parsed. */
const MANY_INDENTED = /(?:^(?: {2}.*)?\n){28}/m;

function longFunctions(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, text]) =>
    MANY_INDENTED.test(text) ? longFunctionsOf(path, text) : [],
  );
}

function findBreaches(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, text]) => {
    const unplaced = path !== PUBLIC && floorOf(path) < 0 ? [`${path} is in no room`] : [];
    const imports = importsOf(path, text).flatMap((to) => importBreach(path, to) ?? []);
    return [
      ...unplaced,
      ...imports,
      ...wordBreaches(path, text),
      ...hintBreaches(path, text),
      ...sizeBreaches(path, text),
    ];
  });
}

function readSources(): Sources {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = ['src', 'commands'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

describe('the floors of the house', () => {
  test('nothing in the project breaches them', () => {
    const sources = readSources();
    expect(Object.keys(sources).length).toBeGreaterThan(50);
    expect(findBreaches(sources)).toEqual([]);
  });

  test('a planted breach of each kind is found', () => {
    const planted: Sources = {
      'src/model/message.ts': "import { QctlError } from '../errors.ts';",
      'src/backends/redis/connect.ts': "import type { Sink } from '../../sinks/sink.ts';",
      'src/sources/sqs/read.ts': "import { x } from '../../sinks/sink.ts';",
      'src/drain/loop.ts': "const { main } = await import('../../commands/main.ts');",
      'commands/verify.ts': "import { digest } from '../src/drain/digest.ts';",
      'src/cutover/run.ts': "export * from '../drain/run.ts';",
      'src/cellar/cask.ts': '',
      'src/drain/env.ts': 'const home = process.env.HOME;',
      'src/drain/print.ts': 'console.log(1); process.exit(1);',
      'src/drain/silent.ts':
        "new QctlError('failed', no(name(1)), { code: 'X', hint: [] }); const b = { level: 'blocker', text: y };",
      'src/drain/long.ts': '\n'.repeat(251),
    };
    expect(findBreaches(planted)).toEqual([
      'src/model/message.ts imports upwards or sideways: src/errors.ts',
      'src/backends/redis/connect.ts imports upwards or sideways: src/sinks/sink.ts',
      'src/sources/sqs/read.ts imports upwards or sideways: src/sinks/sink.ts',
      'src/drain/loop.ts imports upwards or sideways: commands/main.ts',
      'commands/verify.ts imports past the index: src/drain/digest.ts',
      'src/cutover/run.ts imports past the index: src/drain/run.ts',
      'src/cellar/cask.ts is in no room',
      'src/drain/env.ts reads the environment',
      'src/drain/print.ts prints',
      'src/drain/print.ts exits or prints',
      'src/drain/silent.ts has a blocker without a remedy',
      'src/drain/silent.ts has an error without a hint',
      'src/drain/long.ts has 251 lines',
    ]);
  });

  test('what is allowed is not called a breach', () => {
    const allowed: Sources = {
      'commands/drain/sqs.ts':
        "import { drain } from '../../src/drain/index.ts'; import x from '../../src/config/load.ts';",
      'src/drain/loop.ts':
        "import { step } from './step.ts'; import type { Source } from '../sources/source.ts';",
      'src/index.ts': "export * from './drain/index.ts'; export * from './errors.ts';",
      'src/config/load.ts': '// process.exit() is not for the library\nconst cwd = process.cwd();',
      'commands/run.ts': 'const { env } = process; process.env.HOME;',
      'commands/complete.ts': "import manifest from '../completions/manifest.json';",
    };
    expect(findBreaches(allowed)).toEqual([]);
  });
});

describe('the size of functions', () => {
  test('only those that are lists are longer than a look', () => {
    expect(new Set(longFunctions(readSources()))).toEqual(LISTS);
  });

  test('long ones are found, whatever they are', () => {
    const body = '\n'.repeat(40);
    const planted = `function a() {${body}} const b = () => {${body}}; class C { d() {${body}} #e() {} } [() => {${body}}]`;
    expect(longFunctions({ 'src/f.ts': planted })).toEqual([
      'src/f.ts a',
      'src/f.ts b',
      'src/f.ts d',
      'src/f.ts without a name',
    ]);
  });
});
