import { expect, test } from 'vitest';
import { createProgress } from '../../commands/term/progress.ts';
import { memoryIo } from './memory-io.ts';

function clock() {
  let time = 0;
  return { now: () => time, advance: (ms: number) => (time += ms) };
}

test('in a pipe a plain line comes at once and then every ten seconds', () => {
  const io = memoryIo();
  const { now, advance } = clock();
  const progress = createProgress(io, { quiet: false, output: 'table', now });
  progress.update('1 of 3', { done: 1 });
  advance(9_999);
  progress.update('2 of 3', { done: 2 });
  advance(1);
  progress.update('3 of 3', { done: 3 });
  progress.note('waiting for redis');
  progress.stop();
  expect(io.stderr.text).toBe('1 of 3\n3 of 3\nwaiting for redis\n');
  expect(io.stdout.text).toBe('');
});

test('in CI a terminal gets plain lines, too', () => {
  const io = memoryIo({ columns: 80, ci: true });
  createProgress(io, { quiet: false, output: 'table' }).update('1 of 3');
  expect(io.stderr.text).toBe('1 of 3\n');
});

test('with ndjson events go to stdout, one a second and the last one always', () => {
  const io = memoryIo({ columns: 80 });
  const { now, advance } = clock();
  const progress = createProgress(io, { quiet: false, output: 'ndjson', now });
  progress.update('1', { done: 1 });
  progress.update('no event');
  advance(500);
  progress.update('2', { done: 2 });
  progress.update('3', { done: 3 });
  progress.stop();
  progress.stop();
  expect(io.stdout.text).toBe('{"type":"progress","done":1}\n{"type":"progress","done":3}\n');
  expect(io.stderr.text).toBe('');
});

test('with --quiet there is nothing', () => {
  for (const output of ['table', 'ndjson'] as const) {
    const io = memoryIo({ columns: 80 });
    const progress = createProgress(io, { quiet: true, output });
    progress.update('1', { done: 1 });
    progress.note('note');
    progress.stop();
    expect(io.stderr.text + io.stdout.text).toBe('');
  }
});
