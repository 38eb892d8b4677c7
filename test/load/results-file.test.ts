import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LoadResult, readResults, toResults, writeResults } from '../../src/load/index.ts';

import { sampleResult } from './sample-result.ts';

let folder: string;
let result: LoadResult;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-results-'));
  result = sampleResult({}, { seconds: 3, perSecond: 50 });
});

async function fileOf(value: unknown): Promise<string> {
  const path = join(folder, 'given.json');
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

describe('a file of results', () => {
  test('what was written is read back as it was, run by run, by its owner alone', async () => {
    const path = join(folder, 'written.json');
    const other = { ...result, run: 'another', name: null };
    await writeResults(path, [result, other]);
    expect(await readResults(path)).toEqual([result, other]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ type: 'load-results', version: 1 });
  });

  test('one run as -o json prints it is a file of results, too', async () => {
    expect(await readResults(await fileOf(result))).toEqual([result]);
  });

  test('fields that a later qctl has added stay', async () => {
    const later = {
      ...result,
      extra: { a: 1 },
      seconds: result.seconds.map((second) => ({ ...second, retries: 2 })),
    };
    expect(await readResults(await fileOf(toResults([later])))).toEqual([later]);
  });

  test('where the file cannot be written, it is said, and nothing is left behind', async () => {
    const path = join(folder, 'no-such-folder', 'results.json');
    await expect(writeResults(path, [result])).rejects.toMatchObject({
      kind: 'failed',
      code: 'FILE_NOT_WRITTEN',
    });
  });
});

describe('a file that holds no results is refused, and it is said what is wrong', () => {
  test.each<[what: string, value: () => unknown, problem: string]>([
    ['nothing', () => '', 'it is empty'],
    ['half a document', () => '{"type":"load-results","runs":[{', 'it is not one JSON document'],
    ['two documents', () => '{"type":"load"}\n{"type":"load"}', 'it is not one JSON document'],
    ['a list', () => [result], 'it is JSON, and not an object'],
    [
      'something else of qctl',
      () => ({ type: 'analysis' }),
      'type: expected load-results or load, got "analysis"',
    ],
    ['no type', () => ({}), 'type: expected load-results or load, but it is missing'],
    ['no run', () => toResults([]), 'there is no run in it'],
    [
      'a count that is text',
      () => toResults([result, { ...result, counts: { ...result.counts, sent: '5' } } as never]),
      'runs.1.counts.sent: expected a number, got "5"',
    ],
    [
      'a second without its phase',
      () => ({ ...result, seconds: [{ ...result.seconds[0], phase: undefined }] }),
      'seconds.0.phase: expected warmup or measure or drain, but it is missing',
    ],
    [
      'a stage that is missing',
      () => ({ ...result, latency: { ...result.latency, wait: undefined } }),
      'latency.wait: expected a mapping, but it is missing',
    ],
  ])('%s', async (_what, value, problem) => {
    const path = await fileOf(value());
    await expect(readResults(path)).rejects.toMatchObject({
      kind: 'config',
      code: 'LOAD_RESULTS_INVALID',
      message: `${path} holds no load results: ${problem}`,
    });
  });

  test('of many problems the first are told', async () => {
    const error = await readResults(await fileOf({ type: 'load', version: 1 })).catch((failure) => failure);
    expect(error.message).toMatch(/holds no load results: .*; … and \d+ more$/);
    expect(error.details.problems.length).toBeGreaterThan(5);
  });

  test.each([
    ['the file', () => ({ ...toResults([result]), version: 2 })],
    ['a run in it', () => toResults([result, { ...result, version: 2 as never }])],
    ['a run alone', () => ({ ...result, version: 2 })],
  ])('of a newer format: %s', async (_what, value) => {
    await expect(readResults(await fileOf(value()))).rejects.toMatchObject({
      code: 'LOAD_RESULTS_NEWER',
      hint: [expect.stringContaining('reads version 1: update it')],
    });
  });

  test('a file that is not there', async () => {
    await expect(readResults(join(folder, 'none.json'))).rejects.toMatchObject({
      kind: 'config',
      code: 'LOAD_RESULTS_UNREADABLE',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
