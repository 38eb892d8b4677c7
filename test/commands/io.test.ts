import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { createIo } from '../../commands/term/io.ts';

function fakeStream(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  const stream = Object.assign(new EventEmitter(), {
    isTTY,
    columns,
    write: (text: string) => written.push(text),
  });
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

function ioWith(stdout: NodeJS.WriteStream, env: Record<string, string> = {}, onStdoutClosed?: () => void) {
  const stderr = fakeStream(true, 60).stream;
  return createIo({ stdin: process.stdin, stdout, stderr, env, noColour: false, onStdoutClosed });
}

function fail(stream: NodeJS.WriteStream, code: string): void {
  stream.emit('error', Object.assign(new Error(code), { code }));
}

test('once the reader has gone away writing is no failure and has no effect', () => {
  const { stream, written } = fakeStream(false);
  let told = 0;
  const { stdout } = ioWith(stream, {}, () => (told += 1));
  stdout.write('a');
  fail(stream, 'EPIPE');
  fail(stream, 'EPIPE');
  stdout.write('b');
  expect({ written, told, closed: stdout.closed, failure: stdout.failure }).toEqual({
    written: ['a'],
    told: 1,
    closed: true,
    failure: undefined,
  });
});

test('a full disk is kept as a failure, and is not taken for a reader that left', () => {
  const { stream } = fakeStream(false);
  let told = 0;
  const { stdout } = ioWith(stream, {}, () => (told += 1));
  fail(stream, 'ENOSPC');
  expect(stdout.failure).toMatchObject({ code: 'ENOSPC' });
  expect(told).toBe(0);
});

test('each stream is judged apart: a pipe has no width and no colour, the terminal beside it has both', () => {
  const io = ioWith(fakeStream(false).stream);
  expect([io.stdout.columns, io.stdout.colour]).toEqual([Number.POSITIVE_INFINITY, false]);
  expect([io.stderr.columns, io.stderr.colour]).toEqual([60, true]);
});

test('a terminal that does not know its width counts as 80 columns wide', () => {
  expect(ioWith(fakeStream(true, 0).stream).stdout.columns).toBe(80);
});

test.each([
  ['true', true],
  ['1', true],
  ['false', false],
  ['', false],
])('CI=%s is CI: %s', (value, expected) => {
  expect(ioWith(fakeStream(true, 80).stream, { CI: value }).ci).toBe(expected);
});
