import { chmod, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeAtomically } from '../../src/backends/files/index.ts';
import { openBackups } from '../../src/cutover/backups.ts';
import { copy } from '../../src/cutover/steps/copy.ts';
import { filesWorld, scratch, step } from './files-world.ts';

async function twoFiles() {
  const folder = await scratch();
  const [from, to] = [join(folder, 'new.conf'), join(folder, 'app.conf')];
  await writeFile(from, 'new');
  await writeFile(to, Buffer.from([0, 255, 10]), { mode: 0o640 });
  return { folder, from, to, copy: step(copy, { from, to }, filesWorld(folder)) };
}

test('a file is copied, keeps its mode, and goes back to the byte', async () => {
  const { to, copy: one } = await twoFiles();
  expect(await one.preflight()).toEqual([]);
  expect(await one.check()).toBe('undone');
  const memento = await one.capture();
  await one.apply(memento);
  expect(await one.check()).toBe('done');
  expect(await readFile(to, 'utf8')).toBe('new');
  expect((await stat(to)).mode & 0o777).toBe(0o640);
  await one.undo(memento);
  await one.undo(memento);
  expect(await readFile(to)).toEqual(Buffer.from([0, 255, 10]));
});

test('a file that there was not is gone again, and a mode that was changed is back', async () => {
  const { folder, from, to } = await twoFiles();
  await writeFile(to, 'new');
  await chmod(to, 0o640);
  const other = join(folder, 'other.conf');
  const both = step(
    copy,
    [
      { from, to, mode: '0600' },
      { from, to: other },
    ],
    filesWorld(folder),
  );
  const memento = await both.capture();
  await both.apply(memento);
  expect((await stat(to)).mode & 0o777).toBe(0o600);
  await both.undo(memento);
  expect((await stat(to)).mode & 0o777).toBe(0o640);
  await expect(stat(other)).rejects.toThrow('ENOENT');
});

test('a file whose folder is gone, too, is not said to be back, and the others are', async () => {
  const { folder, from, to } = await twoFiles();
  const deep = join(folder, 'deep', 'app.conf');
  await mkdir(join(folder, 'deep'));
  await writeFile(deep, 'old');
  const both = step(
    copy,
    [
      { from, to: deep },
      { from, to },
    ],
    filesWorld(folder),
  );
  const memento = await both.capture();
  await both.apply(memento);
  await rm(join(folder, 'deep'), { recursive: true });
  await expect(both.undo(memento)).rejects.toMatchObject({
    ...{ code: 'FILE_FOLDER_MISSING', message: expect.stringContaining(`${deep} cannot be put back`) },
    hint: [expect.stringContaining(join(folder, 'backups')), expect.stringContaining('make the folder')],
  });
  expect(await readFile(to)).toEqual(Buffer.from([0, 255, 10]));
});

test('a copy that others changed since is left as found, and the backup named', async () => {
  const { to, copy: one } = await twoFiles();
  const memento = (await one.capture()) as { files: { before: { path: string } }[] };
  await one.apply(memento);
  await writeFile(to, 'somebody else');
  const error = await one.undo(memento).catch((cause) => cause);
  expect(error).toMatchObject({ code: 'FILE_CHANGED' });
  expect(error.hint.join()).toContain(memento.files[0]!.before.path);
  expect(await readFile(to, 'utf8')).toBe('somebody else');
});

test('an original that changes after the backup was made is not copied', async () => {
  const { from, to, folder, copy: one } = await twoFiles();
  const memento = await one.capture();
  await writeFile(from, 'newer');
  await expect(one.apply(memento)).rejects.toMatchObject({ code: 'COPY_SOURCE_CHANGED' });
  expect(await readFile(to)).toEqual(Buffer.from([0, 255, 10]));
  expect((await readdir(folder)).sort()).toEqual(['app.conf', 'backups', 'new.conf']);
});

test('folders, missing files and a file onto itself are refused', async () => {
  const { folder, from, to } = await twoFiles();
  await mkdir(join(folder, 'dir'));
  await symlink(from, join(folder, 'link'));
  const codeOf = async (written: object) =>
    (await step(copy, written, filesWorld(folder)).preflight()).map(({ code }) => code);
  expect(await codeOf({ from, to: join(folder, 'dir') })).toEqual(['NOT_A_FILE']);
  expect(await codeOf({ from: join(folder, 'dir'), to })).toEqual(['NOT_A_FILE']);
  expect(await codeOf({ from: join(folder, 'no'), to })).toEqual(['COPY_SOURCE_MISSING']);
  expect(await codeOf({ from, to: join(folder, 'link') })).toEqual(['COPY_ONTO_ITSELF']);
  expect(await codeOf({ from, to: join(folder, 'no/x') })).toEqual(['FOLDER_NOT_WRITABLE']);
});

test('backups are private, named by their content, and a damaged one is not handed out', async () => {
  const folder = await scratch();
  const file = join(folder, 'big');
  await writeFile(file, Buffer.alloc(3_000_000, 'x'), { mode: 0o644 });
  const backups = openBackups(join(folder, 'b'));
  const [one, two] = [await backups.keep(file), await backups.keep(file)];
  expect(two).toEqual(one);
  expect(await readdir(join(folder, 'b'))).toEqual([one.sha256]);
  expect([(await stat(one.path!)).mode & 0o777, (await stat(join(folder, 'b'))).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
  expect(one.mode).toBe(0o644);
  expect(await backups.keep(join(folder, 'none'))).toMatchObject({ path: null, sha256: null });
  await writeFile(one.path!, 'y');
  await expect(backups.read(one)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  await backups.keep(file);
  expect(await backups.read(one)).toHaveLength(3_000_000);
  await rm(one.path!);
  await expect(backups.read(one)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
});

test('a link that leads nowhere yet is written through, and nothing is left over where writing fails', async () => {
  const folder = await scratch();
  await symlink('real', join(folder, 'link'));
  await writeAtomically(join(folder, 'link'), Buffer.from('a'), { mode: 0o640 });
  expect(await readFile(join(folder, 'real'), 'utf8')).toBe('a');
  expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true);
  async function* broken() {
    yield Buffer.from('b');
    throw Object.assign(new Error('x'), { code: 'ENOSPC' });
  }
  await expect(writeAtomically(join(folder, 'real'), broken())).rejects.toMatchObject({
    code: 'FILE_NOT_WRITTEN',
  });
  expect(await readFile(join(folder, 'real'), 'utf8')).toBe('a');
  expect((await readdir(folder)).sort()).toEqual(['link', 'real']);
});
