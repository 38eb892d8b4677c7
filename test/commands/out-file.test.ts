import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requireWritableFile, writeOutFile, writeWhole } from '../../commands/term/out-file.ts';
import { fillPending, pendingOf } from '../support/pending.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const run = promisify(execFile);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-out-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

test('a link stays one, and the file behind it is replaced, for its owner alone', async () => {
  await mkdir(at('kept'));
  await writeFile(at('kept/file'), 'old', { mode: 0o644 });
  await symlink('kept/file', at('link'));
  await writeOutFile(at('link'), 'new');
  expect((await lstat(at('link'))).isSymbolicLink()).toBe(true);
  expect(await readFile(at('kept/file'), 'utf8')).toBe('new');
  expect((await stat(at('kept/file'))).mode & 0o777).toBe(0o600);
  expect(await readdir(at('kept'))).toEqual(['file']);
});

test('a pipe gets it and stays a pipe', async () => {
  await run('mkfifo', [at('pipe')]);
  const reader = run('cat', [at('pipe')]);
  expect(await writeWhole(at('pipe'), [Buffer.from('one '), Buffer.from('two')])).toBe(7);
  expect((await reader).stdout).toBe('one two');
  expect((await lstat(at('pipe'))).isFIFO()).toBe(true);
});

test('what fails in the middle leaves the file as it was, and nothing beside it', async () => {
  await writeFile(at('file'), 'old');
  const chunks = (function* () {
    yield Buffer.from('new');
    throw new Error('no more');
  })();
  await expect(writeWhole(at('file'), chunks)).rejects.toThrow('no more');
  expect(await readFile(at('file'), 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['file']);
});

test.each([
  ['nothing/file', 'ENOENT'],
  ['.', 'EISDIR'],
])('%s cannot be written, which is known before', async (name, code) => {
  await expect(requireWritableFile(at(name))).rejects.toMatchObject({
    ...{ kind: 'failed', code: 'OUT_FILE_FAILED' },
    message: `cannot write ${at(name)}: ${code}`,
  });
  expect(await readdir(folder)).toEqual([]);
});

test('a claim whose report could not be written does nothing', async () => {
  await fillPending(redis.client, 'orders', 'workers', [{ id: '1-0', consumer: 'one' }]);
  const claim = ['claim', 'orders', 'workers', '--to', 'two', '--create-consumer', '--yes'];
  expect(await redis.run([...claim, '--out-file', at('nothing/file')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`qctl: cannot write ${at('nothing/file')}: ENOENT`),
  });
  expect(await pendingOf(redis.client, 'orders', 'workers')).toMatchObject([{ consumer: 'one' }]);
});

test.each([
  ['an argument', ['claim', 'orders', '', '--yes']],
  ['--dead-letter', ['claim', 'orders', 'workers', '--dead-letter', '', '--max-deliveries', '1', '--yes']],
  ['--id', ['claim', 'orders', 'workers', '--id', '1-0', '', '--yes']],
])('%s that is empty, as an unset variable is, is refused', async (what, argv) => {
  expect(await redis.run(argv)).toEqual({
    code: 2,
    stdout: '',
    stderr: `qctl: ${what} is empty\n  hint: a variable of a script may not be set\n`,
  });
});
