import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Manifest } from '../../commands/manifest.ts';
import { HELP_TOPICS } from '../../commands/topics.ts';
import json from '../../completions/manifest.json' with { type: 'json' };
import { commandsIn, fencesOf } from './page-commands.ts';
import { splitShellWords } from './shell-words.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { commands, flags: rootFlags } = json as Manifest;
/** Every page that may speak of a command. */
const PAGES = ['.', 'docs', ...examples()].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md')
    .map((name) => join(folder, name)),
);

function examples(): string[] {
  const folders = readdirSync(join(ROOT, 'examples'), { withFileTypes: true });
  return ['examples', ...folders.filter((one) => one.isDirectory()).map(({ name }) => `examples/${name}`)];
}

/** Command lines in blocks, and those in the middle of a sentence. */
function mentionsOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const shown = fencesOf(text).flatMap((fence) => commandsIn(fence.text).map(({ line }) => line));
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const said = [...prose.matchAll(/`(qctl [^`]+)`/g)].map(([, line]) => line!.replaceAll(/\s+/g, ' '));
  return [...shown, ...said];
}

/** `qctl help drain postgres` is about a command, by its first word. */
function isFirst(word: string): boolean {
  return commands.some(({ name }) => name.split(' ')[0] === word);
}

/** What of a command line qctl does not have; undefined where it has all of it. */
function unknownIn(line: string): string | undefined {
  const words = splitShellWords(line.replace(/ [|&;<>].*$/, '')).slice(1);
  const [noun = '', verb = ''] = words.filter((word) => !word.startsWith('-'));
  // `qctl drain` and `qctl stream` name a group of commands, `drain sqs|postgres` several of them.
  const named = (name: string) =>
    commands.find((one) => one.name === name || one.aliases?.includes(name)) ??
    commands.find((one) => one.name === name.split(/[|,]/)[0]);
  const command = named(`${noun} ${verb}`) ?? named(noun);
  const isNoun = commands.some(({ name }) => name.startsWith(`${noun} `));
  if (noun === 'help')
    return /^(\[|$)/.test(verb) || HELP_TOPICS.includes(verb as never) || isFirst(verb) ? undefined : verb;
  const known = command?.flags ?? rootFlags;
  if (!command && noun !== '' && !(isNoun && /^[^a-z]*$|…/.test(verb))) return `${noun} ${verb}`.trim();
  const flags = words.filter((word) => /^--?[a-zA-Z]/.test(word)).map((word) => word.split('=')[0]!);
  return flags.find((flag) => !known.some((one) => one.name === flag || one.short === flag));
}

test.each(PAGES)('%s speaks of commands and flags that exist', (page) => {
  const wrong = mentionsOf(page).flatMap((line) => {
    const what = unknownIn(line);
    return what === undefined ? [] : [`${what} in: ${line}`];
  });
  expect(wrong).toEqual([]);
});
