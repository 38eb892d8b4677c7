import type { Option } from 'commander';
import type { Example, QctlCommand } from '../../commands/command.ts';
import { canWatch, EXTRA_FORMATS } from '../../commands/flags.ts';
import { idleContext } from '../../commands/manifest.ts';
import { COMMANDS, type CommandEntry } from '../../commands/registry.ts';

/** An argument or a flag: how it is written, and what it means. */
export interface Row {
  term: string;
  meaning: string;
}

/** A command as its own help explains it. */
export interface Described {
  entry: CommandEntry;
  /** `qctl drain postgres [source] [flags]`. */
  usage: string;
  args: Row[];
  /** Its own flags; those of every command stand elsewhere. */
  flags: Row[];
  connection: Row[];
  /** What its help says below the flags, a paragraph or a small table each. */
  notes: string[];
  examples: readonly Example[];
}

const GROUPS = { connection: 'Connection options:', global: 'Global options:' } as const;

/** Every command of the registry, in its order. */
export async function describeCommands(): Promise<Described[]> {
  const context = idleContext();
  return Promise.all(
    COMMANDS.map(async (entry) => describe(entry, (await entry.load()).newCommand(context, entry))),
  );
}

function describe(entry: CommandEntry, command: QctlCommand): Described {
  const help = command.createHelp();
  const rows = (group: string | undefined): Row[] =>
    help
      .visibleOptions(command)
      .filter((option) => option.helpGroupHeading === group)
      .map((option) => ({ term: option.flags, meaning: meaningOf(option, help.optionDescription(option)) }));
  const args = help.visibleArguments(command).map((argument) => ({
    term: help.argumentTerm(argument),
    meaning: help.argumentDescription(argument),
  }));
  return {
    entry,
    usage: ['qctl', entry.name, entry.args, '[flags]'].filter(Boolean).join(' '),
    args: args.filter(({ meaning }) => meaning !== ''),
    flags: rows(undefined),
    connection: rows(GROUPS.connection),
    notes: [...notesOf(command), ...formatNote(entry), ...watchNote(entry)],
    examples: command.examples,
  };
}

/** The help repeats what a flag takes behind what it means; quotes make that no clearer. */
function meaningOf(option: Option, description: string): string {
  return option.argChoices ? description.replaceAll('"', '') : description;
}

/** What stands below the flags, without impact and examples, which are known by themselves. */
function notesOf(command: QctlCommand): string[] {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
  });
  command.outputHelp();
  const below = text.slice(command.helpInformation().length);
  const blocks = below.split(/\n{2,}/).map((block) => block.replace(/^\n+|\s+$/g, ''));
  return blocks.filter((block) => block !== '' && !/^(Impact|Examples):/.test(block));
}

function formatNote({ formats = [] }: CommandEntry): string[] {
  const extra = EXTRA_FORMATS.filter((format) => formats.includes(format));
  return extra.length > 0 ? [`-o takes ${extra.join(' and ')} as well.`] : [];
}

function watchNote(entry: CommandEntry): string[] {
  return canWatch(entry) ? ['--watch shows it again and again.'] : [];
}
