import { describe, expect, test } from 'vitest';
import { toErrorReport, writeError, writeFailure } from '../../commands/errors.ts';
import { EXIT_CODES, exitCodeOf, exitCodeOfSignal } from '../../commands/exit-codes.ts';
import { type ErrorKind, QctlError } from '../../src/errors.ts';
import { memoryIo } from './memory-io.ts';

const error = new QctlError('target', 'cannot append to stream jobs: out of memory', {
  code: 'REDIS_OOM',
  hint: ['raise maxmemory', 'run it again: it goes on where it stopped'],
  details: { stream: 'jobs', ids: ['1', '2'] },
  cause: new Error('OOM command not allowed'),
});

test('people get the message and its hints, without a stack', () => {
  const { stderr } = memoryIo();
  expect(writeError(stderr, error, { output: 'table', verbose: false }).exit).toBe(7);
  expect(stderr.text).toBe(
    'qctl: cannot append to stream jobs: out of memory\n' +
      '  hint: raise maxmemory\n' +
      '  hint: run it again: it goes on where it stopped\n',
  );
});

test('scripts get one line of JSON', () => {
  const { stderr } = memoryIo();
  writeError(stderr, error, { output: 'ndjson', verbose: false });
  expect(stderr.text.split('\n')).toHaveLength(2);
  expect(JSON.parse(stderr.text)).toEqual({
    type: 'error',
    code: 'REDIS_OOM',
    kind: 'target',
    exit: 7,
    message: error.message,
    hint: error.hint,
    details: { stream: 'jobs', ids: ['1', '2'] },
  });
});

test('an error that nobody foresaw is called a bug, its stack shown with --verbose only', () => {
  const bug = new TypeError('x is not a function');
  const quiet = memoryIo().stderr;
  writeError(quiet, bug, { output: 'table', verbose: false });
  expect(quiet.text).toContain('qctl: x is not a function\n  hint: this is a bug');
  expect(quiet.text).not.toContain('    at ');
  const verbose = memoryIo().stderr;
  writeError(verbose, bug, { output: 'json', verbose: true });
  expect(verbose.text).toContain('    at ');
  expect(JSON.parse(verbose.text.trimEnd().split('\n').at(-1)!)).toMatchObject({
    code: 'UNEXPECTED',
    exit: 1,
  });
});

describe('an error of a check', () => {
  const nagios = true;

  test('is its status line: UNKNOWN and the message, the hints apart', () => {
    const io = memoryIo();
    expect(writeFailure(io, error, { output: 'table', verbose: false, nagios }).exit).toBe(3);
    expect(io.stdout.text).toBe('UNKNOWN - cannot append to stream jobs: out of memory\n');
    expect(io.stderr.text).toBe(
      '  hint: raise maxmemory\n  hint: run it again: it goes on where it stopped\n',
    );
  });

  test('stays one line, without a bar behind which performance data would be looked for', () => {
    const io = memoryIo();
    const config = new QctlError('config', 'a.b: no\n  c: \x1b[31m 1|2', {
      code: 'CONFIG_INVALID',
      hint: [],
    });
    writeFailure(io, config, { output: 'table', verbose: false, nagios });
    expect(io.stdout.text).toBe('UNKNOWN - a.b: no; c: \\x1b[31m 1/2\n');
  });

  test('as JSON is the last line of stderr, with the same exit code', () => {
    const io = memoryIo();
    expect(writeFailure(io, new TypeError('bug'), { output: 'json', verbose: false, nagios }).exit).toBe(3);
    expect(io.stdout.text).toBe('');
    expect(JSON.parse(io.stderr.text)).toMatchObject({ kind: 'failed', exit: 3 });
  });

  test('is told apart from that of any other command', () => {
    const io = memoryIo();
    expect(writeFailure(io, error, { output: 'table', verbose: false }).exit).toBe(7);
    expect(io.stdout.text).toBe('');
  });
});

test('a password in the text of a foreign error is not shown, nor in its stack', () => {
  const { stderr } = memoryIo();
  const foreign = new Error(
    "getaddrinfo ENOTFOUND redis://user:sw0rdfish@host:6379/0 'postgres://u:sw0rdfish@h'",
  );
  writeError(stderr, foreign, { output: 'table', verbose: true });
  expect(stderr.text).toContain('redis://user:***@host:6379/0');
  expect(stderr.text).not.toContain('sw0rdfish');
});

test('what was thrown and is no error is shown, too', () => {
  expect(toErrorReport('text')).toMatchObject({ message: 'text', exit: 1 });
});

const KINDS: Record<ErrorKind, number> = {
  failed: 1,
  usage: 2,
  refused: 3,
  auth: 4,
  config: 5,
  source: 6,
  target: 7,
  partial: 8,
  declined: 9,
  locked: 10,
  paused: 11,
  threshold: 99,
};

test.each(Object.entries(KINDS))('%s exits with %i, which the table explains', (kind, code) => {
  expect(exitCodeOf(kind as ErrorKind)).toBe(code);
  expect(EXIT_CODES.find((row) => row.code === code)?.name).toBe(kind);
});

test('codes stand once each, and signals are 128 and their number', () => {
  expect(new Set(EXIT_CODES.map((row) => row.code)).size).toBe(EXIT_CODES.length);
  expect([exitCodeOfSignal('SIGINT'), exitCodeOfSignal('SIGTERM')]).toEqual([130, 143]);
});
