import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editEnvText, isSo, toBytes } from '../../src/cutover/steps/env-edit.ts';
import { envFile } from '../../src/cutover/steps/env-file.ts';
import { quoteFor } from '../../src/cutover/steps/env-quote.ts';
import { READERS, readAs } from '../../src/cutover/steps/env-readers.ts';
import { parseEnvText } from '../../src/cutover/steps/env-text.ts';
import { filesWorld, scratch, step } from './files-world.ts';

const FILE = `# what the workers use
QUEUE_TYPE=sqs   # not for long

export REDIS_URL='redis://old:6379'
SQS_URL="https://sqs/one"
SQS_URL=https://sqs/two
KEY="-----BEGIN
abc
-----END"
LAST=1`;

async function withFile(text: string | Buffer | undefined, written: Record<string, unknown>, env = {}) {
  const folder = await scratch();
  const file = join(folder, 'app.env');
  if (text !== undefined) await writeFile(file, text, { mode: 0o640 });
  const world = filesWorld(folder, { host: { env } });
  return { ...step(envFile, { file, ...written }, world), file, folder, read: () => readFile(file, 'utf8') };
}

const CHANGE = {
  set: { QUEUE_TYPE: 'redis', REDIS_URL: 'redis://new:6379/0', NEW: 'a b' },
  remove: ['SQS_URL'],
};

describe('variables in a file', () => {
  test('only what is named changes, and it goes back to the byte', async () => {
    const env = await withFile(FILE, CHANGE);
    expect(await env.check()).toBe('undone');
    const memento = await env.capture();
    const { text } = await env.apply(memento);
    expect(await env.read()).toBe(`# what the workers use
QUEUE_TYPE=redis   # not for long

export REDIS_URL='redis://new:6379/0'
KEY="-----BEGIN
abc
-----END"
LAST=1
NEW='a b'
`);
    expect(text).toBe(`set QUEUE_TYPE, REDIS_URL, NEW and remove SQS_URL in ${env.file}`);
    expect((await stat(env.file)).mode & 0o777).toBe(0o640);
    expect(await env.check()).toBe('done');
    expect((await env.undo(memento)).text).toBe(`${env.file} is restored`);
    expect(await env.read()).toBe(FILE);
    expect((await stat(env.file)).mode & 0o777).toBe(0o640);
    expect((await env.undo(memento)).text).toBe(`${env.file} is as it was`);
  });

  test('what others wrote since stays, and the variables go back alone', async () => {
    const env = await withFile(FILE, CHANGE);
    const memento = await env.capture();
    await env.apply(memento);
    await writeFile(env.file, (await env.read()).replace('LAST=1', 'LAST=2'));
    const { left } = await env.undo(memento);
    expect(left).toEqual([`${env.file} was changed by others since, and keeps what they changed`]);
    const now = parseEnv(await env.read());
    expect(now).toEqual({ ...parseEnv(FILE), LAST: '2' });
    expect(await env.read()).toContain('QUEUE_TYPE=sqs   # not for long');
    expect(await env.undo(memento)).toMatchObject({ text: `the variables in ${env.file} are as they were` });
  });

  test('a variable that others changed since is left, and the backup named', async () => {
    const env = await withFile(FILE, CHANGE);
    const memento = (await env.capture()) as { before: { path: string } };
    await env.apply(memento);
    await writeFile(env.file, (await env.read()).replace('QUEUE_TYPE=redis', 'QUEUE_TYPE=kafka'));
    const error = await env.undo(memento).catch((cause) => cause);
    expect(error).toMatchObject({ code: 'FILE_CHANGED', kind: 'failed' });
    expect(error.message).toContain('QUEUE_TYPE left as found');
    expect(error.hint.join()).toContain(memento.before.path);
    expect(await env.read()).toContain('QUEUE_TYPE=kafka');
    expect(await env.read()).toContain("export REDIS_URL='redis://old:6379'");
    expect(await readFile(memento.before.path, 'utf8')).toBe(FILE);
  });

  test('a file that there was not is made where the plan says so, and removed again', async () => {
    const env = await withFile(undefined, { set: { A: 'x' }, create: '0640' });
    expect(await env.preflight()).toEqual([]);
    const memento = await env.capture();
    await env.apply(memento);
    expect((await stat(env.file)).mode & 0o777).toBe(0o640);
    expect((await env.undo(memento)).text).toBe(`${env.file} is removed`);
    await expect(stat(env.file)).rejects.toThrow('ENOENT');
  });

  test('a file that somebody removed since is written again', async () => {
    const env = await withFile(FILE, CHANGE);
    const memento = await env.capture();
    await env.apply(memento);
    await rm(env.file);
    expect((await env.undo(memento)).left).toEqual([`${env.file} had been removed by others since`]);
    expect(await env.read()).toBe(FILE);
  });

  test('a file whose folder is gone, too, is not said to be back', async () => {
    const env = await withFile(FILE, CHANGE);
    const memento = (await env.capture()) as { before: { path: string } };
    await env.apply(memento);
    await rm(env.folder, { recursive: true });
    const error = await env.undo(memento).catch((cause) => cause);
    expect(error).toMatchObject({ code: 'FILE_FOLDER_MISSING', message: expect.stringContaining(env.file) });
    expect(error.hint.join()).toContain(memento.before.path);
    await expect(stat(env.file)).rejects.toThrow('ENOENT');
  });

  test('an undo before anything was applied, and an apply that is done twice, do no harm', async () => {
    const env = await withFile(FILE, CHANGE);
    const memento = await env.capture();
    expect((await env.undo(memento)).text).toContain('is as it was');
    await env.apply(memento);
    const once = await env.read();
    await env.apply(memento);
    expect(await env.read()).toBe(once);
  });

  test('what others write between the look and the write is kept and told', async () => {
    const env = await withFile(FILE, CHANGE);
    const memento = await env.capture();
    await writeFile(env.file, `${FILE}\nOTHER=1\n`);
    expect((await env.apply(memento)).text).toContain('changed by others just before');
    expect(await env.read()).toContain('OTHER=1');
    await env.undo(memento);
    expect(parseEnv(await env.read())).toEqual({ ...parseEnv(FILE), OTHER: '1' });
  });

  test('a link stays a link', async () => {
    const env = await withFile(undefined, { set: { A: '2' } });
    await mkdir(join(env.folder, 'shared'));
    await writeFile(join(env.folder, 'shared/real.env'), 'A=1\n');
    await symlink('shared/real.env', env.file);
    const memento = await env.capture();
    await env.apply(memento);
    expect((await lstat(env.file)).isSymbolicLink()).toBe(true);
    expect(await readFile(join(env.folder, 'shared/real.env'), 'utf8')).toBe('A=2\n');
    await env.undo(memento);
    expect((await lstat(env.file)).isSymbolicLink()).toBe(true);
    expect(await env.read()).toBe('A=1\n');
  });

  test('a secret shows in no text, and in no memento', async () => {
    const env = await withFile(FILE, { set: { PASSWORD: { env: 'SECRET' } } }, { SECRET: 'hunter2-x' });
    const memento = await env.capture();
    const said = [
      env.outline,
      await env.preflight(),
      memento,
      await env.apply(memento),
      await env.undo(memento),
    ];
    expect(JSON.stringify(said)).not.toContain('hunter2');
  });

  test('the last of a name that is there twice is changed, and that is told', async () => {
    const env = await withFile('A=1\nB=1\nA=2\n', { set: { A: '3' } });
    expect((await env.apply(await env.capture())).text).toContain('more than once in it: A');
    expect(await env.read()).toBe('A=1\nB=1\nA=3\n');
  });

  test.each([
    ['a missing file', undefined, { set: { A: '1' } }, 'ENV_FILE_MISSING'],
    ['a missing variable', 'A=1\n', { set: { A: { env: 'NOT_THERE' } } }, 'VARIABLE_MISSING'],
    ['a line end in a value', 'A=1\n', { set: { A: 'a\nb' } }, 'ENV_VALUE'],
    ['a value that readers read differently', 'A=1\n', { set: { A: `it's "so"` } }, 'ENV_VALUE'],
    ['a quote that is never closed', 'B="x\nA=1\n', { set: { A: '2' } }, 'ENV_UNCLOSED'],
    ['a doubtful end', 'A=C:\\dir\\\nB=1\n', { set: { A: '2' } }, 'ENV_DOUBTFUL'],
    ['a file in UTF-16', Buffer.from('A=1\n', 'utf16le'), { set: { A: '2' } }, 'ENV_NOT_TEXT'],
  ])('%s is refused before anything starts', async (_what, text, change, code) => {
    const env = await withFile(text, change);
    expect(await env.preflight()).toMatchObject([{ level: 'blocker', code }]);
  });

  test('a folder in place of the file, and a folder that is not there, are refused', async () => {
    const env = await withFile(undefined, { set: { A: '1' }, create: '0600' });
    await mkdir(env.file);
    expect(await env.preflight()).toMatchObject([{ level: 'blocker', code: 'NOT_A_FILE' }]);
    const world = filesWorld(env.folder);
    const other = step(envFile, { file: join(env.folder, 'no/app.env'), set: { A: '1' } }, world);
    expect(await other.preflight()).toMatchObject([{ level: 'blocker', code: 'FOLDER_NOT_WRITABLE' }]);
  });

  test('a value that systemd alone can read is written for it', async () => {
    const env = await withFile('A=1\n', { set: { A: `it's "so" \\` }, readers: ['systemd', 'sh'] });
    expect(await env.preflight()).toEqual([]);
    await env.apply(await env.capture());
    expect(await env.read()).toBe('A="it\'s \\"so\\" \\\\"\n');
  });

  test('new variables are exported where all others are, and line ends are those of the file', () => {
    const change = { set: { B: '2' }, remove: [], readers: READERS };
    expect(editEnvText('export A=1\n', change)).toBe('export A=1\nexport B=2\n');
    expect(editEnvText('\xef\xbb\xbfA=1\r\nC=\r\n', change)).toBe('\xef\xbb\xbfA=1\r\nC=\r\nB=2\r\n');
    expect(editEnvText('A=1 \\', change)).toBe('A=1 \\\n\nB=2\n');
    expect(editEnvText('B = "1" ; x\n', change)).toBe('B="2"\n');
  });

  test('a folder that cannot be written to leaves the file as it was', async () => {
    const env = await withFile('A=1\n', { set: { A: '2' } });
    const memento = await env.capture();
    await rm(env.file);
    await rm(env.folder, { recursive: true });
    await writeFile(env.folder, '');
    await expect(env.apply(memento)).rejects.toMatchObject({ kind: 'failed' });
    await chmod(env.folder, 0o600);
  });
});

const word = fc.constantFrom(
  'a',
  'B',
  '1',
  ' ',
  '  ',
  '#',
  "'",
  '"',
  '\\',
  '$',
  '`',
  '=',
  ';',
  '\t',
  'é',
  '\xff',
  '~',
  ':',
);
const some = fc.array(word, { maxLength: 6 }).map((parts) => parts.join(''));
const name = fc.constantFrom('A', 'B', 'CC', 'D_1', 'E');
const eol = fc.constantFrom('\n', '\n', '\r\n');
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('', '  ', 'export '), name, fc.constantFrom('=', ' = '), some)
    .map((all) => all.join('')),
  fc
    .tuple(
      name,
      some.map((value) => `='${value.replaceAll("'", '')}\n${value.replaceAll("'", '')}'`),
    )
    .map((all) => all.join('')),
  fc.constantFrom('', '  ', '# A=1', '; x', 'if true; then', 'A', '=x'),
);
const fileText = fc
  .tuple(fc.constantFrom('', '\xef\xbb\xbf'), fc.array(fc.tuple(line, eol), { maxLength: 8 }), fc.boolean())
  .map(([bom, lines, whole]) => {
    const text = bom + lines.map((parts) => parts.join('')).join('');
    return whole ? text : text.replace(/\r?\n$/, '');
  });
const value = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc
    .array(fc.constantFrom('a', ' ', "'", '"', '\\', '$', '`', '#', '~', 'é', '€'), { maxLength: 6 })
    .map((parts) => parts.join('')),
  fc.webUrl({ withQueryParameters: true }),
);
const settable = value.filter((one) => quoteFor(one, READERS) !== undefined);

test('whatever a file holds: its other bytes stay, the values are right, nothing is written twice', () => {
  fc.assert(
    fc.property(
      fileText,
      fc.dictionary(name, settable, { maxKeys: 3 }),
      fc.uniqueArray(name),
      (text, set, gone) => {
        const remove = gone.filter((one) => !(one in set));
        const before = parseEnvText(text);
        const touched = new Set([...Object.keys(set), ...remove]);
        fc.pre(!before.some((one) => one.unclosed || (one.doubtful && touched.has(one.name))));
        const change = { set, remove, readers: READERS };
        const after = editEnvText(text, change);
        expect(isSo(after, change)).toBe(true);
        expect(editEnvText(after, change)).toBe(after);
        expect(others(after, touched)).toBe(others(text, touched));
      },
    ),
    {
      numRuns: 300,
      // A blank behind a backslash, and then what looks like a comment.
      examples: [["D_1='\nA='\\ #\n\\ #", { D_1: '' }, []]],
    },
  );
});

/** What is left of a file without the lines of some variables, and without line ends put before new ones. */
function others(text: string, names: ReadonlySet<string>): string {
  const lines = parseEnvText(text).filter((one) => names.has(one.name));
  const rest = lines.reduceRight((left, { start, end }) => left.slice(0, start) + left.slice(end), text);
  return rest.replace(/[\r\n]+$/, '');
}

test('a shell, dotenv and systemd read the value that was set', async () => {
  const values = fc.sample(settable, { numRuns: 400, seed: 7 });
  const set = Object.fromEntries(values.map((one, index) => [`V${index}`, one]));
  const styles = ['V=old', "export V='o l d'", 'V="old" # why', "  V='a\nb'", 'V=a\\\nb', 'V=', '# V'];
  const text = values.map((_, index) => styles[index % 7]!.replace('V', `V${index}`)).join('\n');
  const file = join(await scratch(), 'v.env');
  await writeFile(file, toBytes(editEnvText(text, { set, remove: [], readers: READERS })));
  const printed = execFileSync('sh', ['-c', 'set -a; . "$1"; env -0', 'sh', file], {
    env: {},
    encoding: 'utf8',
  });
  const seen = Object.fromEntries(printed.split('\0').map((pair) => pair.split(/=([\s\S]*)/)));
  expect(seen).toMatchObject(set);
  expect(parseEnv(await readFile(file, 'utf8'))).toEqual(set);
});

test.each([
  ['systemd', `"a" 'b' c # d`, 'abc # d'],
  ['systemd', 'a\\\nb', 'ab'],
  ['systemd', `it's`, `it's`],
  ['sh', 'a#b', 'a#b'],
  ['sh', '"$HOME"', undefined],
  ['sh', '~/x', undefined],
  ['dotenv', 'a#b', 'a'],
  ['dotenv', '"a\\nb"', 'a\nb'],
  ['dotenv', `'a\\'`, `a\\'\nNEXT=`],
] as const)('%s reads %s', (reader, raw, read) => {
  expect(readAs(reader, raw)).toBe(read);
});

test('whatever a file holds: an undo brings its bytes back', async () => {
  const folder = await scratch();
  const file = join(folder, 'app.env');
  const world = filesWorld(folder);
  await fc.assert(
    fc.asyncProperty(
      fileText,
      fc.dictionary(name, settable, { minKeys: 1, maxKeys: 2 }),
      async (text, set) => {
        await writeFile(file, toBytes(text));
        const env = step(envFile, { file, set }, world);
        fc.pre((await env.preflight()).every(({ level }) => level !== 'blocker'));
        const memento = await env.capture();
        await env.apply(memento);
        expect(await env.check()).toBe('done');
        await env.undo(memento);
        expect(await readFile(file, 'latin1')).toBe(text);
      },
    ),
    { numRuns: 15 },
  );
});
