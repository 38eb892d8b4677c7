import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { entriesOf, ownDatabase } from '../drain/driver.ts';
import { cleanEnvironment } from '../support/qctl.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { execute, type Installed, install, otherNode } from './installed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODES = ['22', '24'];
const MAX_UNPACKED = 3_000_000;

let installed: Installed | undefined;
const nodes = new Map<string, string | undefined>([['this one', process.execPath]]);

beforeAll(async () => {
  if (!existsSync(join(ROOT, 'dist/types'))) throw new Error('no dist/types: npm run build -- --types');
  const [package_, ...others] = await Promise.all([install(), ...NODES.map(otherNode)]);
  installed = package_;
  for (const [at, path] of others.entries()) nodes.set(NODES[at]!, path);
}, 240_000);

beforeEach(({ skip }) => skip(!installed, 'the npm registry cannot be reached: nothing was installed'));

const qctl = (node: string, args: string[]) =>
  execute(node, [join(installed!.home, 'bin/qctl.js'), ...args], installed!.folder, cleanEnvironment());

describe('the tarball', () => {
  test('is small, and holds the product alone', () => {
    const { files, unpackedSize } = installed!.packed;
    expect(unpackedSize).toBeLessThan(MAX_UNPACKED);
    const product =
      /^(bin|completions|dist|man|docs\/monitoring)\/|^(README|CHANGELOG|THIRD-PARTY-LICENSES)\.md$/;
    const other = files.map(({ path }) => path).filter((path) => !product.test(path));
    expect(other.sort()).toEqual(['LICENSE', 'package.json']);
    expect(files.filter(({ path }) => /\.map$|\.test\.|manifest\.json$/.test(path))).toEqual([]);
  });

  test('installs on this Node without a warning, and no library asks to run anything', async () => {
    // npm 11 names what builds a clone, and does not run it: its file is not there.
    const said = installed!.said.replace(
      /^npm warn install-scripts( (1 package|Run| {2}qctl@).*)?$\n?/gm,
      '',
    );
    expect(said).toBe('');
    expect(await readdir(installed!.home)).not.toContain('scripts');
  });

  test('is started by a file that the shell can run', async () => {
    const { code, stdout } = await execute(
      join(installed!.folder, 'prefix/bin/qctl'),
      ['config', 'profiles', '--help'],
      installed!.folder,
      cleanEnvironment(),
    );
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Impact: read.') });
  });

  test('finds the libraries that every part of it asks for, by the names that they give', async () => {
    const parts = (await readdir(join(installed!.home, 'dist'))).filter((name) => name.endsWith('.js'));
    const lines = parts.map((name) => `await import('./dist/${name}');`).join('\n');
    const end = await execute(
      process.execPath,
      ['--input-type=module', '--eval', lines],
      installed!.home,
      cleanEnvironment(),
    );
    expect(end).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe.each(['this one', ...NODES])('Node %s', (major) => {
  let database: Awaited<ReturnType<typeof ownDatabase>>;
  let node: string;

  beforeAll(async () => {
    database = await ownDatabase();
  });
  beforeEach(({ skip }) => {
    skip(!nodes.get(major), `node@${major} cannot be had from the npm registry: not tried`);
    node = nodes.get(major)!;
  });

  test('says its version and helps', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(await qctl(node, ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('drains a table, and every message is in the stream', async () => {
    await database.sql('CREATE TABLE jobs (id bigint PRIMARY KEY, payload text)');
    await database.sql("INSERT INTO jobs SELECT i, 'x' FROM generate_series(1, 50) i");
    const stream = uniqueName('installed');
    const ends = ['--redis-url', sharedRedisUrl(), '--postgres-url', database.url];
    const end = await qctl(node, [
      'drain',
      'postgres',
      '--table',
      'jobs',
      '--stream',
      stream,
      '--yes',
      ...ends,
    ]);
    expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining('converged') });
    const ids = (await entriesOf(stream)).map((entry) => Number(entry.text('id')));
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  test('gives its library to a program', async () => {
    const folder = await programFolder(`library-${major.replace(' ', '-')}`);
    await writeFile(join(folder, 'program.mjs'), PROGRAM);
    const end = await execute(node, ['program.mjs'], folder, cleanEnvironment());
    expect(end).toEqual({ code: 0, stdout: 'closed 42 new BAD_BREAKER_NAME\n', stderr: '' });
  });
});

const PROGRAM = `import { CircuitBreaker, QctlError } from 'qctl';
import { CircuitBreaker as Same } from 'qctl/breaker';
import { decide, DEFAULT_RULES } from 'qctl/router';
if (CircuitBreaker !== Same) throw new Error('two breakers in one program');
const breaker = new CircuitBreaker('payments');
const answer = await breaker.execute(() => 42);
const { side } = decide({ ...DEFAULT_RULES, name: 'r', version: 1, percent: 100 }, { key: 'a' });
let code = 'none';
try { new CircuitBreaker('no name') } catch (error) { if (error instanceof QctlError) code = error.code }
console.log(breaker.status().state, answer, side, code);
await breaker.close();
`;

const CONSUMER = `import { CircuitBreaker, type BreakerStatus, type DrainReport, openDrain, Router, runDrain } from 'qctl';
import { foresee } from 'qctl/breaker';
import { type RouteRules, readRules } from 'qctl/router';
const breaker = new CircuitBreaker('payments', { redis: 'redis://localhost', failureRate: '50%' });
export const status: BreakerStatus = breaker.status();
export const answer: Promise<number> = breaker.execute(() => 42);
export const rules: RouteRules = readRules({ percent: 10 }).rules;
export const report: (request: Parameters<typeof openDrain>[0]) => Promise<DrainReport> = async (request) =>
  runDrain(await openDrain(request, new Date()), {}, new AbortController().signal);
export { foresee, Router };
// @ts-expect-error what no option is called is refused: the types are really there
new CircuitBreaker('payments', { failures: 3 });
`;

test.each([
  // One of them looks into the declarations themselves as well, and into those that they name.
  ['node16', 'node16', false],
  ['esnext', 'bundler', true],
])(
  'a TypeScript program compiles against it: module %s, resolution %s',
  async (module, moduleResolution, skipLibCheck) => {
    const folder = await programFolder(`types-${moduleResolution}`);
    await writeFile(join(folder, 'program.ts'), CONSUMER);
    const typeRoots = [join(ROOT, 'node_modules/@types')];
    const compilerOptions = { strict: true, noEmit: true, target: 'es2023', types: ['node'], typeRoots };
    const options = { ...compilerOptions, module, moduleResolution, skipLibCheck };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(await execute(process.execPath, [tsc, '--project', folder], folder)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  },
);

/** A folder in which `qctl` can be imported. */
async function programFolder(name: string): Promise<string> {
  const folder = join(installed!.folder, name);
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(installed!.home, join(folder, 'node_modules/qctl'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  return folder;
}
