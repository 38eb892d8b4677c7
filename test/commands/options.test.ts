import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { findWords, hasFlag, scanOutput } from '../../commands/argv.ts';
import { addExamples, createCommand } from '../../commands/command.ts';
import {
  addConnectionOptions,
  parseDuration,
  parseNonNegativeInteger,
  parsePositiveInteger,
  parseRate,
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

function entry(impact: Impact): CommandEntry {
  return {
    name: 'queue move',
    summary: 'move it',
    impact,
    load: () => Promise.reject(new Error('not loaded')),
  };
}

test('--yes and --dry-run are there where something is changed, and only there', () => {
  const flags = (impact: Impact) => createCommand(entry(impact)).options.map((option) => option.long);
  expect(flags('read')).not.toContain('--yes');
  expect(flags('write')).toEqual(expect.arrayContaining(['--yes', '--dry-run']));
  expect(flags('destructive')).toEqual(expect.arrayContaining(['--yes', '--dry-run']));
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
  [['--', '-o', 'json'], {}, 'table'],
])('the format of errors for %j and %j is %s', (argv, env, expected) => {
  expect(scanOutput(argv, env)).toBe(expected);
});
