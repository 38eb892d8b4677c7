import { CommanderError } from 'commander';
import { findWords, joinWatch } from '../../commands/argv.ts';
import type { Context } from '../../commands/context.ts';
import { canWatch } from '../../commands/flags.ts';
import { idleContext } from '../../commands/manifest.ts';
import { DEFAULT_WATCH } from '../../commands/options.ts';
import { findCommand } from '../../commands/registry.ts';
import { isTopic } from '../../commands/topics.ts';

let context: Context | undefined;

/**
 * What is wrong with the words after `qctl`: an unknown command or flag, a value that no flag takes, an argument that is
 * missing. Undefined: it would be carried out.
 */
export async function problemOf(argv: readonly string[]): Promise<string | undefined> {
  const [first = '', second = ''] = findWords(argv).map((word) => word.text);
  // As the binary does: `qctl help drain sqs` is `qctl drain sqs --help`.
  if (first === 'help' && !isTopic(second)) return problemOf([...withoutFirst(argv, ['help']), '--help']);
  const entry = findCommand([first, second]);
  if (!entry) return `no command ${first} ${second}`;
  context ??= idleContext();
  const command = (await entry.load()).newCommand(context, entry);
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
