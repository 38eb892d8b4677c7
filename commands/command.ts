import { Command, Help, Option } from 'commander';
import type { Context } from './context.ts';
import { addGlobalOptions } from './options.ts';
import type { CommandEntry } from './registry.ts';

/** What a command's file exports. */
export interface CommandModule {
  /** Called once, before the arguments are parsed: `context.options` is filled in only when the action runs. */
  newCommand(context: Context, entry: CommandEntry): QctlCommand;
}

/** A line as it is typed, and what it is for. */
export type Example = readonly [line: string, why: string];

/** A commander command that keeps what its action returned; commander itself throws it away. */
export class QctlCommand extends Command {
  exitCode = 0;
  /** What {@link addExamples} was given. */
  examples: readonly Example[] = [];
  /** Runs the action: once, unless it is replaced before that. Gives back what the action returned. */
  around: (work: () => unknown) => unknown = (work) => work();

  /** The action gets the arguments, then the options; a number that it returns is the exit code. */
  override action(run: (...args: never[]) => unknown): this {
    const untyped = run as (...args: unknown[]) => unknown;
    return super.action(async (...args: unknown[]) => {
      const outcome = await this.around(() => untyped(...args));
      this.exitCode = typeof outcome === 'number' ? outcome : 0;
    });
  }
}

/** Less is left for descriptions on a narrow terminal, which breaks words when it wraps by itself. */
const MIN_WIDTH_TO_WRAP = 20;

const IMPACT_NOTES = {
  read: 'Impact: read. It changes nothing.',
  write: 'Impact: write. It changes things at once; --dry-run shows what.',
  destructive:
    'Impact: destructive. It shows its plan and asks first; without a terminal it needs --yes.\n--dry-run shows the plan and ends.',
};

const CHECK_NOTE = 'Exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (whatever kept it from finding out).';

/** A command with what the registry says of it: name, summary, arguments, impact and the global flags. */
export function createCommand(entry: CommandEntry): QctlCommand {
  const command = new QctlCommand(`qctl ${entry.name}`);
  command
    .description(entry.summary)
    .configureHelp({ groupItems: inOrder, optionDescription, minWidthToWrap: MIN_WIDTH_TO_WRAP });
  command.addHelpOption(new Option('-h, --help', 'show this help').helpGroup(GROUPS[2]));
  if (entry.args) command.arguments(entry.args);
  command.addHelpText('after', `\n${IMPACT_NOTES[entry.impact]}`);
  if (entry.nagios) command.addHelpText('after', CHECK_NOTE);
  return addGlobalOptions(command, entry);
}

/** Adds examples to the help, and to what is generated from it. */
export function addExamples(command: QctlCommand, examples: readonly Example[]): QctlCommand {
  command.examples = [...command.examples, ...examples];
  const lines = examples.map(([line, why]) => `  # ${why}\n  ${line}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/**
 * What a flag does, what it takes and what holds without it, in one pair of brackets. The default stands in the
 * description itself, as an operator would write it: completion and reference know the description alone.
 */
function optionDescription({ description, argChoices }: Option): string {
  if (!argChoices) return description;
  const [, text = description, usual] = /^(.*) \((default: [^()]*)\)$/.exec(description) ?? [];
  const told = [`choices: ${argChoices.join(', ')}`, usual].filter(Boolean).join('; ');
  return `${text} (${told})`;
}

const GROUPS = ['Options:', 'Connection options:', 'Global options:'] as const;

/** What is the command's own stands first, whatever the order in which the flags were added. */
function inOrder<T extends Command | Option>(
  all: T[],
  visible: T[],
  groupOf: (item: T) => string,
): Map<string, T[]> {
  const groups = Help.prototype.groupItems.call(new Help(), all, visible, groupOf as never) as Map<
    string,
    T[]
  >;
  const rank = (title: string) => (GROUPS as readonly string[]).indexOf(title);
  return new Map([...groups].sort(([a], [b]) => rank(a) - rank(b)));
}
