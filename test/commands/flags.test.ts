import type { Option } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import type { QctlCommand } from '../../commands/command.ts';
import { createContext } from '../../commands/context.ts';
import { fitHelp } from '../../commands/help-text.ts';
import { COMMANDS } from '../../commands/registry.ts';
import { watchSignals } from '../../commands/signals.ts';
import { visibleWidth } from '../../commands/term/text.ts';
import { HELP_TOPICS } from '../../commands/topics.ts';
import { memoryIo } from './memory-io.ts';
import { runCommand } from './run-command.ts';

/** Flags that take another kind of value at another command, and why that is right. */
const SEVERAL_VALUES: Record<string, string> = {
  '--consumer': 'reap takes several, pending shows those of one',
  '--consumers': 'a load has a number of them, serve shows them or not',
  '--field': 'a drain makes fields, tail shows some',
  '--from':
    'where a range begins: by the kind of what is read; whose entries are claimed; what a plan begins with',
  '--id': 'a drain names columns, add gives the id itself, claim takes several',
  '--key': 'a drain names a column, compare a field, routes the key itself',
  '--load': 'set gives the rule, which the number that it would measure',
  '--payload': 'a drain names the column, a load the size',
  '--priority': 'a drain names the column, letters are chosen by the priority itself',
  '--queue': 'a job library may have several, a drain of Celery moves one',
  '--since': 'what has a position is cut there, what has only a time by time',
  '--sort': 'a table has columns, a list of streams fields',
  '--target': 'analyse names the stream, a load the kind of system',
  '--time': 'compare names a field, a route has rules',
  '--to': 'where a range ends, or who gets what is taken: a name, a place, a consumer',
  '--type': 'a column of a table, an expression over a message, or the type itself',
  '--until': 'a drain may end with a time or a state, a hold at a time, letters at a position',
};

const contextOf = (columns: number) => {
  const silent = () => undefined;
  const host = { on: silent, off: silent, exit: silent, writeError: silent };
  return createContext({ io: memoryIo({ columns }), env: {}, watch: watchSignals(host, silent, silent) });
};

interface Flag {
  command: string;
  option: Option;
}

const commands: QctlCommand[] = [];
const flags = new Map<string, Flag[]>();

beforeAll(async () => {
  for (const entry of COMMANDS) {
    const command = (await entry.load()).newCommand(contextOf(80), entry);
    commands.push(command);
    for (const option of command.createHelp().visibleOptions(command))
      flags.set(option.long!, [...(flags.get(option.long!) ?? []), { command: entry.name, option }]);
  }
});

const each = () =>
  [...flags.values()].flat().map((flag) => ({ ...flag, at: `${flag.command} ${flag.option.long}` }));
const placeholderOf = ({ flags: text }: Option) => /[<[].*$/.exec(text)?.[0] ?? '';
const kinds = (of: (option: Option) => string) =>
  [...flags].filter(([, all]) => new Set(all.map(({ option }) => of(option))).size > 1).map(([name]) => name);

test('a flag takes the same kind of value at every command, but for those that say why not', () => {
  expect(kinds(placeholderOf).sort()).toEqual(Object.keys(SEVERAL_VALUES).sort());
});

test('a flag has the same short form at every command, and no short form two meanings', () => {
  expect(kinds(({ short }) => short ?? '')).toEqual([]);
  const long = new Map<string, Set<string>>();
  for (const { option } of each())
    if (option.short) long.set(option.short, (long.get(option.short) ?? new Set()).add(option.long!));
  expect([...long].filter(([, names]) => names.size > 1)).toEqual([]);
});

/** What a value of this name must look like, and what it must not. */
const VALUES: Record<string, [good: string, bad: string]> = {
  '<duration>': ['90s', '90 apples'],
  '<n>': ['7', 'seven'],
  '<rate>': ['50/s', 'fast'],
  '<percent>': ['5%', 'much'],
  '<range>': ['10', 'ten'],
};

test('a number, a duration, a rate and a range are read before anything is done', () => {
  for (const { at, option } of each()) {
    const sample = VALUES[placeholderOf(option)];
    if (!sample || !option.parseArg || option.argChoices) continue;
    expect(() => option.parseArg!(sample[0], undefined as never), at).not.toThrow();
    expect(() => option.parseArg!(sample[1], undefined as never), at).toThrow();
  }
  const unread = each().filter(({ option }) => placeholderOf(option) === '<n>' && !option.parseArg);
  expect(unread.map(({ at }) => at)).toEqual([]);
});

test('the default of a flag is said once, as one would type it', () => {
  const wrong: string[] = [];
  for (const { at, option } of each()) {
    const { description, defaultValue, parseArg, negate } = option;
    expect(description.match(/\(default\b/g)?.length ?? 0, at).toBeLessThanOrEqual(1);
    if (defaultValue === undefined || negate) continue;
    const [, said] = /\(default: ([^()]*)\)$/.exec(description) ?? [];
    const value =
      said !== undefined && parseArg && !option.argChoices ? parseArg(said, undefined as never) : said;
    if (value !== defaultValue) wrong.push(`${at}: ${description} | ${defaultValue}`);
  }
  expect(wrong).toEqual([]);
});

test('flags are described in one way: lower case, no full stop, British, repeatable where they are', () => {
  for (const { at, option } of each()) {
    const { description } = option;
    expect(description, at).not.toBe('');
    expect(description, at).not.toMatch(
      /[^.…]\.$|\bcolors?\b|\b\w+(?:yze|ization|ize[ds]?)\b(?<!\bsize[ds]?)/,
    );
    expect(description, at).toMatch(/^(?:[a-z"/0-9]|[A-Z]{2,}|Redis\b|Postgre|Ctrl-C|Celery)/);
    expect(description, at).not.toMatch(/given (?:several times|again)|may be repeated|; repeatable/);
  }
});

const WIDTHS = [60, 80, 110];

/** What is longer than the line, and one word: it cannot be broken and still be copied. */
const tooWide = (text: string, width: number) =>
  text
    .split('\n')
    .filter((line) => visibleWidth(line) > width && line.trim().replace(/ \\$/, '').includes(' '));

test.each(WIDTHS)('help keeps to a terminal of %i columns', async (columns) => {
  const nouns = COMMANDS.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0]!);
  const asked = [
    ['--help'],
    ...[...new Set(nouns)].map((noun) => [noun, '--help']),
    ...COMMANDS.map(({ name }) => [...name.split(' '), '--help']),
    ...HELP_TOPICS.map((topic) => ['help', topic]),
  ];
  const wide: string[] = [];
  for (const argv of asked) {
    const { stdout } = await runCommand(argv, { url: 'redis://127.0.0.1:1', columns });
    wide.push(...tooWide(stdout, columns).map((line) => `${argv.join(' ')}: ${line}`));
  }
  expect(wide).toEqual([]);
});

test('a command of the examples goes on behind a backslash, prose flows anew, short lines stay as they are', () => {
  const text = [
    '',
    'one two three four five six seven',
    'eight',
    '',
    'Examples:',
    '  # why, and what for it is',
    "  qctl load run --slo 'p99 < 1 ms' --rate 5/s",
    '',
    'End.',
  ].join('\n');
  expect(fitHelp(text, 80)).toBe(text);
  expect(fitHelp(text, 24).split('\n')).toEqual([
    '',
    'one two three four five',
    'six seven eight',
    '',
    'Examples:',
    '  # why, and what for',
    '    it is',
    '  qctl load run --slo \\',
    "    'p99 < 1 ms' \\",
    '    --rate 5/s',
    '',
    'End.',
  ]);
});
