import { CommanderError } from 'commander';
import { findSimilar } from '../src/config/similar.ts';
import { QctlError } from '../src/errors.ts';
import { findWords, hasFlag, joinWatch, type Word } from './argv.ts';
import type { QctlCommand } from './command.ts';
import type { OpenContext } from './context.ts';
import { toUsageError } from './errors.ts';
import { fillContext } from './fill.ts';
import { canWatch } from './flags.ts';
import { fitHelp, helpWidth } from './help-text.ts';
import { DEFAULT_WATCH } from './options.ts';
import { COMMANDS, type CommandEntry, findCommand, verbsOf } from './registry.ts';
import { nounHelp, rootHelp } from './root-help.ts';
import { HELP_TOPICS, isTopic } from './topics.ts';

/** What of a command its caller needs to know before it runs. */
export type Traits = Pick<CommandEntry, 'impact' | 'nagios'>;

/**
 * Finds the command and runs it; only that one is loaded.
 *
 * @param onFound told as soon as the command is known
 * @returns the exit code of the command
 */
export async function dispatch(
  argv: string[],
  context: OpenContext,
  onFound: (traits: Traits) => void,
): Promise<number> {
  const words = findWords(argv);
  const [first, second] = words.map((word) => word.text);
  if (first === undefined) return withoutCommand(argv, context);
  if (first === 'help' && !isTopic(second)) return help(argv, words, context, onFound);
  const entry = findCommand([first, second ?? '']);
  if (!entry) return withoutEntry(argv, context, [first, second], onFound);
  onFound(entry);
  return runCommand(entry, withoutWords(argv, words.slice(0, wordCount(entry, first, second))), context);
}

/** An alias may have another number of words than the name. */
function wordCount(entry: CommandEntry, first: string, second: string | undefined): number {
  const both = `${first} ${second ?? ''}`;
  return entry.name === both || entry.aliases?.includes(both) ? 2 : 1;
}

function withoutWords(argv: readonly string[], words: readonly Word[]): string[] {
  return argv.filter((_, at) => !words.some((word) => word.at === at));
}

function withoutCommand(argv: string[], { io, version }: OpenContext): number {
  if (hasFlag(argv, '-V', '--version')) io.stdout.write(`${version}\n`);
  else if (argv.length === 0 || hasFlag(argv, '-h', '--help'))
    io.stdout.write(fitHelp(rootHelp(helpWidth(io)), helpWidth(io)));
  else throw usage('no command is given', 'COMMAND_MISSING', ["run 'qctl --help' for the commands"]);
  return 0;
}

/** `qctl help drain postgres` is `qctl drain postgres --help`. */
async function help(
  argv: string[],
  words: Word[],
  context: OpenContext,
  onFound: (traits: Traits) => void,
): Promise<number> {
  const rest = withoutWords(argv, words.slice(0, 1));
  const [first, second] = words.slice(1).map((word) => word.text);
  if (first !== undefined && (findCommand([first, second ?? '']) || verbsOf(first).length > 0)) {
    return dispatch([...rest, '--help'], context, onFound);
  }
  if (first === undefined) return withoutCommand(['--help'], context);
  throw unknownWord(first, [...nouns(), ...HELP_TOPICS], 'help');
}

function withoutEntry(
  argv: string[],
  { io }: OpenContext,
  [first, second]: [first: string, second: string | undefined],
  onFound: (traits: Traits) => void,
): number {
  const entries = verbsOf(first);
  const verbs = entries.map((entry) => entry.name.slice(first.length + 1));
  // A misspelt check must not be taken for one that has found something.
  if (entries[0]) onFound(entries[0]);
  if (verbs.length === 0) throw unknownWord(first, nouns());
  if (second !== undefined) throw unknownWord(second, verbs, first);
  if (!hasFlag(argv, '-h', '--help')) throw missingVerb(first, verbs);
  io.stdout.write(nounHelp(first, helpWidth(io)));
  return 0;
}

function nouns(): string[] {
  return [
    ...new Set(
      COMMANDS.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]).map((name) => name.split(' ')[0]!),
    ),
  ];
}

function unknownWord(word: string, known: string[], noun?: string): QctlError {
  const where = noun ? `qctl ${noun}` : 'qctl';
  const list = `run '${where}${noun === 'help' ? '' : ' --help'}' for what there is`;
  const meant = meantBy(word, known, noun).map((name) => `'${name}'`);
  const hint = meant.length > 0 ? [`did you mean ${meant.join(' or ')}?`, list] : [list];
  return usage(`unknown command '${[noun, word].filter(Boolean).join(' ')}'`, 'COMMAND_UNKNOWN', hint);
}

/** What an unknown word most likely stands for, as it would be typed. */
function meantBy(word: string, known: string[], noun?: string): string[] {
  const where = noun ? `qctl ${noun}` : 'qctl';
  const elsewhere = COMMANDS.map(({ name }) => name)
    .filter((name) => name.split(' ').at(-1) === word)
    .map((name) => `${noun === 'help' ? 'qctl help' : 'qctl'} ${name}`);
  const near = findSimilar(word, known) ?? LIKE[word]?.find((other) => known.includes(other));
  const here = near === undefined ? [] : [`${where} ${near}`];
  // The very word of another group says more than a first word that looks like it.
  const [first, second] = noun === undefined || noun === 'help' ? [elsewhere, here] : [here, elsewhere];
  return first.length > 0 ? first : second;
}

/** Verbs of other tools, and those that may do the same here. */
const LIKE: Readonly<Record<string, readonly string[]>> = {
  show: ['info', 'status', 'ls', 'list'],
  describe: ['info', 'show', 'status'],
  status: ['info', 'show', 'list'],
  list: ['ls'],
  remove: ['delete', 'purge', 'reap'],
  new: ['create', 'add', 'init'],
};

function missingVerb(noun: string, verbs: string[]): QctlError {
  return usage(`${noun} needs a verb: ${verbs.join(', ')}`, 'VERB_MISSING', [`run 'qctl ${noun} --help'`]);
}

function usage(message: string, code: string, hint: string[]): QctlError {
  return new QctlError('usage', message, { code, hint });
}

async function runCommand(entry: CommandEntry, argv: string[], context: OpenContext): Promise<number> {
  const { newCommand } = await entry.load();
  const command = newCommand(context, entry);
  const { stdout } = context.io;
  command.exitOverride().configureOutput({
    writeOut: (text) => stdout.write(fitHelp(text, helpWidth(context.io))),
    writeErr: () => undefined,
    getOutHelpWidth: () => helpWidth(context.io),
    getOutHasColors: () => stdout.colour,
  });
  const joined = canWatch(entry) ? joinWatch(argv, DEFAULT_WATCH) : argv;
  command.hook('preAction', async () => {
    refuseEmpty(command);
    fillContext(context, command, entry);
    const { watchMs: intervalMs, outFile } = context.options;
    if (outFile !== undefined) await (await import('./term/out-file.ts')).requireWritableFile(outFile);
    if (intervalMs === undefined) return;
    command.around = async (work) =>
      (await import('./watch.ts')).watchAction(context, { entry, argv: joined, intervalMs }, work);
  });
  return parse(command, joined, entry);
}

/** A variable of a script that is unset: an empty name means a key that nobody looks at. */
function refuseEmpty(command: QctlCommand): void {
  if (command.args.includes('')) throw empty('an argument');
  for (const [name, value] of Object.entries(command.opts<Record<string, unknown>>())) {
    if (value !== '' && !(Array.isArray(value) && value.includes(''))) continue;
    const option = command.options.find((one) => one.attributeName() === name);
    throw empty(option?.long ?? name);
  }
}

function empty(what: string): QctlError {
  return usage(`${what} is empty`, 'EMPTY_ARGUMENT', ['a variable of a script may not be set']);
}

async function parse(command: QctlCommand, argv: string[], entry: CommandEntry): Promise<number> {
  try {
    await command.parseAsync(argv, { from: 'user' });
    return command.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw toUsageError(error, `qctl ${entry.name}`);
  }
}
