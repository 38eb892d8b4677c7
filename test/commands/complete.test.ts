import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readBashLine } from '../../commands/complete/bash.ts';
import { chooseFor, complete, FILES } from '../../commands/complete.ts';
import { buildManifest, formatManifest } from '../../commands/manifest.ts';
import { COMMANDS } from '../../commands/registry.ts';
import { nounHelp, rootHelp } from '../../commands/root-help.ts';

const names = (words: string[]) => chooseFor(words).found.map(([name]) => name);
const wanted = (words: string[]) => chooseFor(words).wanted;

test('nouns, verbs, flags and values are completed', () => {
  expect(names([''])).toEqual([...new Set(COMMANDS.map((entry) => entry.name.split(' ')[0]))]);
  expect(names(['config', ''])).toEqual(['show', 'validate', 'profiles']);
  expect(names(['config', 'v'])).toEqual(['validate']);
  expect(names(['config', 'show', '--out'])).toEqual(['--output', '--out-file']);
  expect(names(['config', 'show', '-o', ''])).toEqual(['table', 'json', 'ndjson', 'yaml']);
  expect(names(['completion', ''])).toEqual(['bash', 'zsh', 'fish', 'install']);
  expect(names(['completion', 'install', ''])).toEqual(['bash', 'zsh', 'fish']);
  expect(names(['config', 'show', '--output=y'])).toEqual(['--output=yaml']);
  expect(names(['config', 'show', '--', '--out'])).toEqual([]);
  expect(names(['--ver'])).toEqual(['--version', '--verbose']);
});

test('--watch is offered where it is understood, and may go without an interval', () => {
  expect(names(['drain', 'list', '--wa'])).toEqual(['--watch']);
  expect(names(['config', 'show', '--wa'])).toEqual([]);
  expect(names(['drain', 'list', '--watch', '--lim'])).toEqual(['--limit']);
  expect(names(['--watch', 'drain', 'lis'])).toEqual(['list']);
  expect(names(['--profile', 'drain', 'drai'])).toEqual(['drain']);
});

test('where nothing fits there is nothing, and no error', () => {
  expect(names(['breaker', 'hold', ''])).toEqual(['open', 'closed', 'disabled', 'observe']);
  expect(chooseFor(['nonsense', 'x'])).toEqual({ found: [], files: false });
  expect(chooseFor(['stream', 'info', '--timeout', ''])).toEqual({ found: [], files: false });
  expect(names([])).toContain('stream');
});

test('a candidate is a line, its description behind a tab; where a file belongs the shell is told', async () => {
  expect(await complete(['__complete', 'verif'], {})).toMatch(/^verify\t[^\t\n]+\n$/);
  expect(await complete(['__complete', 'drain', 'archive', 'da'], {})).toBe(FILES);
  expect(await complete(['__complete', 'stream', 'ls', '--config=qc'], {})).toBe(FILES);
  expect(await complete(['__complete_bash', ' =:', 'qctl stream ls > na'], {})).toBe(FILES);
});

test('what an argument or a flag names is known, and what the line says of it already', () => {
  expect(wanted(['stream', 'info', 'or'])).toMatchObject({ kind: 'stream', begin: 'or' });
  expect(wanted(['breaker', 'hold', 'open', ''])).toMatchObject({ kind: 'breaker' });
  expect(wanted(['breaker', 'trip', 'one', 'tw'])).toMatchObject({ kind: 'breaker', begin: 'tw' });
  expect(wanted(['--profile=live', 'claim', '--yes', 'orders', ''])).toMatchObject({
    ...{ kind: 'group', stream: 'orders', profile: 'live' },
  });
  expect(wanted(['claim', 'orders', 'workers', '--from', ''])).toMatchObject({
    ...{ kind: 'consumer', stream: 'orders', group: 'workers' },
  });
  expect(wanted(['drain', 'redis', '--stream', 'a:b', '--group=w'])).toMatchObject({
    ...{ kind: 'group', stream: 'a:b', before: '--group=', begin: 'w' },
  });
  expect(wanted(['cutover', 'run', '--resume', ''])).toMatchObject({ kind: 'cutover' });
  expect(wanted(['drain', 'sqs', '--resume', ''])).toMatchObject({ kind: 'run' });
  expect(wanted(['--redis-url', 'redis://a', 'verify', ''])).toMatchObject({
    ...{ kind: 'run', redisUrl: 'redis://a' },
  });
  expect(wanted(['group', 'delete', 'orders', 'workers', ''])).toBeUndefined();
});

test('every argument that names something says what', () => {
  const told = /stream|group|run|source|breaker|route|file|rule|channel|pattern/;
  const untold = COMMANDS.filter(({ name, args = '', names: kinds }) =>
    [...args.matchAll(/[<[]([^>\]]+)[>\]]/g)].some(
      ([, argument], at) =>
        told.test(argument === 'name' ? name : argument!) && !kinds?.[at] && name !== 'cutover lock',
    ),
  );
  expect(untold.map(({ name }) => name)).toEqual([]);
});

describe('a line as bash has it', () => {
  const BREAKS = ' \t\n"\'@><=;|&(:';
  const read = (line: string) => readBashLine(line, BREAKS);

  test('words are whole, whatever bash cuts them at', () => {
    expect(read('qctl stream info orders:ev').words).toEqual(['stream', 'info', 'orders:ev']);
    expect(read('A=1 qctl --profile=st').words).toEqual(['--profile=st']);
    expect(read('qctl group ls my\\ str"eam"\'s \' ').words).toEqual(['group', 'ls', 'my streams ', '']);
    expect(read('x; qctl verify ').words).toEqual(['verify', '']);
    expect(read('qctl stream ls 2>/dev/null --pro').words).toEqual(['stream', 'ls', '--pro']);
  });

  test.each([
    ['qctl stream info orders:ev', 'orders:events', 'events'],
    ['qctl stream info or', 'orders:events', 'orders:events'],
    ['qctl stream info "orders:ev', 'orders:events', 'orders:events'],
    ['qctl stream info orders\\:ev', 'orders:events', 'orders:events'],
    ['qctl stream info a:', 'a:{0}', '\\{0\\}'],
    ['qctl stream info ', "my 'own' $x", "my\\ \\'own\\'\\ \\$x"],
    ['qctl stream info "', 'my "own" $x', 'my \\"own\\" \\$x'],
    ["qctl stream info '", "my 'own'", "my '\\''own'\\''"],
    ['qctl --profile=st', '--profile=staging', 'staging'],
    ['qctl stream info ', 'заказы', 'заказы'],
  ])('%s: for %s bash is given %s', (line, name, inserted) => {
    expect(read(line).toInsert(name)).toBe(inserted);
  });
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
