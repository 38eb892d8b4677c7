import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { findWords, hasFlag, joinWatch, scanOutput } from '../../commands/argv.ts';
import { addExamples, createCommand } from '../../commands/command.ts';
import {
  addConnectionOptions,
  parseDuration,
  parseNonNegativeInteger,
  parsePositiveInteger,
  parseRate,
  parseWatchInterval,
} from '../../commands/options.ts';
import type { CommandEntry, Impact } from '../../commands/registry.ts';

test('durations, counts and rates are read, and what cannot be meant is refused', () => {
  expect(parseDuration('1h30m')).toBe(5_400_000);
  expect(parsePositiveInteger('12')).toBe(12);
  expect(parseNonNegativeInteger('0')).toBe(0);
  expect(parseRate('500/s')).toBe(500);
  expect(parseRate('30000/m')).toBe(500);
  expect(parseRate('2.5')).toBe(2.5);
  expect(() => parseDuration('5')).toThrow(InvalidArgumentError);
  for (const text of ['0', '-1', '1.5', '1e3', '', '9007199254740993']) {
    expect(() => parsePositiveInteger(text)).toThrow(InvalidArgumentError);
  }
  for (const text of ['0', '5/d', '/s', 'fast']) expect(() => parseRate(text)).toThrow(InvalidArgumentError);
});

function entry(impact: Impact, more: Partial<CommandEntry> = {}): CommandEntry {
  return {
    name: 'queue move',
    summary: 'move it',
    impact,
    load: () => Promise.reject(new Error('not loaded')),
    ...more,
  };
}

test('--yes and --dry-run are there where something is changed, and only there', () => {
  const flags = (impact: Impact) => createCommand(entry(impact)).options.map((option) => option.long);
  expect(flags('read')).not.toContain('--yes');
  expect(flags('write')).toEqual(expect.arrayContaining(['--yes', '--dry-run']));
  expect(flags('destructive')).toEqual(expect.arrayContaining(['--yes', '--dry-run']));
});

test('--watch is there where something live is read, and only there', () => {
  const has = (impact: Impact, more?: Partial<CommandEntry>) =>
    createCommand(entry(impact, more)).options.some((option) => option.long === '--watch');
  expect(has('read')).toBe(true);
  expect(has('read', { watch: false })).toBe(false);
  expect(has('write')).toBe(false);
});

test('intervals from 100ms to a day are taken', () => {
  expect(parseWatchInterval('500ms')).toBe(500);
  expect(parseWatchInterval('5s')).toBe(5000);
  for (const text of ['99ms', '0s', '25h', '5', 'orders']) {
    expect(() => parseWatchInterval(text)).toThrow(InvalidArgumentError);
  }
});

test('what stands behind --watch is its interval only if it begins like one', () => {
  const join = (...argv: string[]) => joinWatch(argv, '2s').join(' ');
  expect(join('--watch', 'orders')).toBe('--watch=2s orders');
  expect(join('orders', '--watch')).toBe('orders --watch=2s');
  expect(join('--watch', '500ms', 'orders')).toBe('--watch=500ms orders');
  expect(join('--watch', '50x')).toBe('--watch=50x');
  expect(join('--watch', '1-0')).toBe('--watch=2s 1-0');
  expect(join('--watch=5s', '--', '--watch', '5s')).toBe('--watch=5s -- --watch 5s');
  const words = (...argv: string[]) => findWords(argv).map((word) => word.text);
  expect(words('--watch', '5s', 'stream', 'ls')).toEqual(['stream', 'ls']);
  expect(words('--watch', 'stream', 'ls')).toEqual(['stream', 'ls']);
});

test('a format of its own is offered by the command that has it, and by no other', () => {
  const formats = (more?: Partial<CommandEntry>) =>
    createCommand(entry('read', more)).options.find((option) => option.long === '--output')?.argChoices;
  expect(formats()).toEqual(['table', 'json', 'ndjson', 'yaml']);
  expect(formats({ formats: ['prometheus'] })).toEqual(['table', 'json', 'ndjson', 'yaml', 'prometheus']);
});

test('help of a check says what its exit codes mean', () => {
  let text = '';
  const command = createCommand(entry('read', { nagios: true }));
  command.exitOverride().configureOutput({ writeOut: (part) => (text += part) });
  expect(() => command.parse(['--help'], { from: 'user' })).toThrow();
  expect(text).toContain('0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN');
});

test('help shows the own flags first, then connections, then what all commands have, and the impact', () => {
  const command = addConnectionOptions(createCommand(entry('destructive')), ['sqs']).option(
    '--batch <n>',
    'size',
  );
  addExamples(command, [['qctl queue move x', 'move x']]);
  let text = '';
  command.exitOverride().configureOutput({ writeOut: (part) => (text += part) });
  expect(() => command.parse(['--help'], { from: 'user' })).toThrow();
  const at = ['--batch', '--queue-url', '--out-file', '--help', 'Impact: destructive', '# move x'].map(
    (part) => text.indexOf(part),
  );
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(at).not.toContain(-1);
  expect(text).toContain('Usage: qctl queue move [options]');
});

test('an action returns its exit code', async () => {
  const command = createCommand(entry('read')).action(() => 8);
  await command.parseAsync([], { from: 'user' });
  expect(command.exitCode).toBe(8);
});

test('words are found between flags and their values', () => {
  const argv = ['--profile', 'production', '-o', 'json', 'drain', '--quiet', 'sqs', 'jobs', '--', 'x'];
  expect(findWords(argv).map((word) => word.text)).toEqual(['drain', 'sqs', 'jobs']);
  expect(hasFlag(['a', '--', '--help'], '--help')).toBe(false);
});

test.each([
  [['-o', 'json'], {}, 'json'],
  [['-ojson'], {}, 'json'],
  [['--output=ndjson'], {}, 'ndjson'],
  [['--output', 'nonsense'], {}, 'table'],
  [[], { QCTL_OUTPUT: 'json' }, 'json'],
  [['-o', 'yaml'], { QCTL_OUTPUT: 'json' }, 'yaml'],
  [['-o', 'prometheus'], {}, 'prometheus'],
  [['--', '-o', 'json'], {}, 'table'],
])('the format of errors for %j and %j is %s', (argv, env, expected) => {
  expect(scanOutput(argv, env)).toBe(expected);
});
