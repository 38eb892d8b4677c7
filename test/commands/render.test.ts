import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decideColour } from '../../commands/term/colour-decision.ts';
import { renderResult } from '../../commands/term/render.ts';
import { memoryIo } from './memory-io.ts';

const ROWS = [
  { name: 'a', at: new Date('2026-01-02T03:04:05Z'), length: 12n, lag: null, skip: undefined },
  { name: 'b', at: null, length: 0n, lag: Number.NaN, bytes: Buffer.from([0, 255]) },
];

async function render(
  output: 'table' | 'json' | 'ndjson' | 'yaml',
  data: object | object[],
): Promise<string> {
  const io = memoryIo();
  await renderResult(io, { output }, { type: 'stream', data, table: () => 'TABLE' });
  expect(io.stderr.text).toBe('');
  return io.stdout.text;
}

test('json is one document; a list stands under items', async () => {
  expect(JSON.parse(await render('json', ROWS))).toEqual({
    type: 'stream-list',
    items: [
      { name: 'a', at: '2026-01-02T03:04:05.000Z', length: '12', lag: null },
      { name: 'b', at: null, length: '0', lag: null, bytes: 'AP8=' },
    ],
  });
  expect(JSON.parse(await render('json', ROWS[0]!))).toMatchObject({ type: 'stream', name: 'a' });
});

test('ndjson is a line for each item, each with its type', async () => {
  const lines = (await render('ndjson', ROWS)).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { type: 'stream', name: 'a' },
    { type: 'stream', name: 'b' },
  ]);
  expect(await render('ndjson', [])).toBe('');
});

test('yaml is the document of json', async () => {
  expect(await render('yaml', { name: 'a', at: new Date(0), ids: ['1', '2'] })).toBe(
    'type: stream\nname: a\nat: 1970-01-01T00:00:00.000Z\nids:\n  - "1"\n  - "2"\n',
  );
});

test('metrics are printed where the command has them; where it has none that is a bug', async () => {
  const io = memoryIo();
  const result = { type: 'lag', data: {}, table: () => '' };
  const prometheus = () => 'qctl_lag{group="g"} 7';
  await renderResult(io, { output: 'prometheus' }, { ...result, prometheus });
  expect(io.stdout.text).toBe('qctl_lag{group="g"} 7\n');
  await expect(renderResult(io, { output: 'prometheus' }, result)).rejects.toThrow('lag has no prometheus');
});

test('a table ends with a newline', async () => {
  expect(await render('table', {})).toBe('TABLE\n');
});

test('--out-file is written whole, for the owner alone, and stdout stays empty', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-out-'));
  const outFile = join(folder, 'result.json');
  const io = memoryIo();
  await renderResult(io, { output: 'json', outFile }, { type: 'x', data: { a: 1 }, table: () => '' });
  expect(io.stdout.text).toBe('');
  expect(JSON.parse(await readFile(outFile, 'utf8'))).toEqual({ type: 'x', a: 1 });
  expect((await stat(outFile)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['result.json']);
});

test('--out-file into a folder that is not there says so', async () => {
  const result = { type: 'x', data: {}, table: () => '' };
  await expect(
    renderResult(memoryIo(), { output: 'json', outFile: '/nonexistent/x' }, result),
  ).rejects.toMatchObject({
    code: 'OUT_FILE_FAILED',
    message: 'cannot write /nonexistent/x: ENOENT',
  });
});

test.each([
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false, true],
  [{ FORCE_COLOR: '0' }, false, true, false],
  [{}, true, true, false],
  [{ NO_COLOR: '1' }, false, true, false],
  [{ NO_COLOR: '' }, false, true, true],
  [{ QCTL_NO_COLOR: '1' }, false, true, false],
  [{ TERM: 'dumb' }, false, true, false],
  [{}, false, true, true],
  [{}, false, false, false],
])('colour with %o, --no-color %s, terminal %s: %s', (env, noColour, isTTY, expected) => {
  expect(decideColour({ env, noColour, isTTY })).toBe(expected);
});
