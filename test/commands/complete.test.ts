import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { complete } from '../../commands/complete.ts';
import { buildManifest, formatManifest } from '../../commands/manifest.ts';
import { COMMANDS } from '../../commands/registry.ts';
import { nounHelp, rootHelp } from '../../commands/root-help.ts';

const names = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0]);

test('nouns, verbs, flags and values are completed', () => {
  expect(names(complete(['']))).toEqual([...new Set(COMMANDS.map((entry) => entry.name.split(' ')[0]))]);
  expect(names(complete(['config', '']))).toEqual(['show', 'validate', 'profiles']);
  expect(names(complete(['config', 'v']))).toEqual(['validate']);
  expect(names(complete(['config', 'show', '--out']))).toEqual(['--output', '--out-file']);
  expect(names(complete(['config', 'show', '-o', '']))).toEqual(['table', 'json', 'ndjson', 'yaml']);
  expect(names(complete(['completion', '']))).toEqual(['bash', 'zsh', 'fish']);
  expect(names(complete(['--ver']))).toEqual(['--version', '--verbose']);
});

test('--watch is offered where it is understood, and may go without an interval', () => {
  expect(names(complete(['drain', 'list', '--wa']))).toEqual(['--watch']);
  expect(names(complete(['config', 'show', '--wa']))).toEqual([]);
  expect(names(complete(['drain', 'list', '--watch', '--lim']))).toEqual(['--limit']);
  expect(names(complete(['--watch', 'drain', 'lis']))).toEqual(['list']);
  expect(names(complete(['--profile', 'drain', 'drai']))).toEqual(['drain']);
});

test('where nothing fits there is nothing, and no error', () => {
  expect(names(complete(['breaker', 'hold', '']))).toEqual(['open', 'closed', 'disabled', 'observe']);
  expect(complete(['breaker', 'hold', 'open', ''])).toBe('');
  expect(complete(['nonsense', 'x'])).toBe('');
  expect(complete([])).not.toBe('');
});

test('a candidate is a line, its description behind a tab', () => {
  expect(complete(['verif'])).toMatch(/^verify\t[^\t\n]+\n$/);
});

test('root help lists every command with its impact, noun help its verbs', () => {
  for (const entry of COMMANDS)
    expect(rootHelp(110)).toMatch(new RegExp(`^  ${entry.name}\\b.*\\b${entry.impact}\\b`, 'm'));
  expect(nounHelp('config', 60)).toContain('config profiles');
  expect(nounHelp('config', 60)).not.toContain('verify');
});

test('completions/manifest.json is what the commands are', async () => {
  const written = readFileSync(new URL('../../completions/manifest.json', import.meta.url), 'utf8');
  expect(written, 'run npm run generate').toBe(formatManifest(await buildManifest()));
});
