import { CommanderError } from 'commander';
import { findWords, joinWatch } from '../../commands/argv.ts';
import { createContext } from '../../commands/context.ts';
import { canWatch } from '../../commands/flags.ts';
import { DEFAULT_WATCH } from '../../commands/options.ts';
import { type CommandEntry, findCommand } from '../../commands/registry.ts';
import { watchSignals } from '../../commands/signals.ts';
import { memoryIo } from '../commands/memory-io.ts';

/** A command, built as the binary builds it, and never run. */
export async function buildCommand(entry: CommandEntry) {
  const silent = () => undefined;
  const host = { on: silent, off: silent, exit: silent, writeError: silent };
  const context = createContext({ io: memoryIo({}), env: {}, watch: watchSignals(host, silent, silent) });
  return (await entry.load()).newCommand(context, entry);
}

/**
 * What is wrong with the words after `qctl`: an unknown command or flag, a value that no flag takes, an argument that is
 * missing. Undefined: it would be carried out.
 */
export async function problemOf(argv: readonly string[]): Promise<string | undefined> {
  const [first = '', second = ''] = findWords(argv).map((word) => word.text);
  const entry = findCommand([first, second]);
  if (!entry) return `no command ${first} ${second}`;
  const command = await buildCommand(entry);
  command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  command.action(() => undefined);
  const both = findCommand([first, second]) !== findCommand([first, '']);
  const rest = withoutFirst(argv, both ? [first, second] : [first]);
  try {
    await command.parseAsync(canWatch(entry) ? joinWatch(rest, DEFAULT_WATCH) : rest, { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? undefined : error.message;
  }
}

function withoutFirst(argv: readonly string[], words: readonly string[]): string[] {
  const rest = [...argv];
  for (const word of words) rest.splice(rest.indexOf(word), 1);
  return rest;
}
