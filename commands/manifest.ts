import { Option } from 'commander';
import type { QctlCommand } from './command.ts';
import { type Context, createContext } from './context.ts';
import { allGlobalFlags, CONNECTION_FLAGS } from './flags.ts';
import { FLAG_NAMES, type NameKind } from './names.ts';
import { toOption } from './options.ts';
import { COMMANDS, type CommandEntry } from './registry.ts';
import { watchSignals } from './signals.ts';
import { createIo } from './term/io.ts';

/** One flag as completion knows it. */
export interface ManifestFlag {
  name: string;
  short?: string;
  /** Name of its value; absent where it takes none. */
  value?: string;
  /** True where the value may be left out. */
  optional?: true;
  choices?: string[];
  /** What its value names. */
  names?: NameKind;
  description: string;
}

/** One command with its flags, taken from the commander objects. */
export interface ManifestCommand
  extends Pick<CommandEntry, 'name' | 'aliases' | 'summary' | 'impact' | 'args' | 'names'> {
  /** What the first argument can be, where that is a closed list. */
  choices: string[];
  flags: ManifestFlag[];
}

/** What completions/manifest.json holds. */
export interface Manifest {
  /** Flags that can stand before a command. */
  flags: ManifestFlag[];
  commands: ManifestCommand[];
}

/** Loads every command and describes it. Only the generator calls it: a running qctl loads one command. */
export async function buildManifest(): Promise<Manifest> {
  const context = idleContext();
  const commands = await Promise.all(COMMANDS.map((entry) => describe(entry, context)));
  return { flags: rootFlags(), commands };
}

/** What can stand before a command. */
function rootFlags(): ManifestFlag[] {
  const own = [
    new Option('-h, --help', 'show the commands'),
    new Option('-V, --version', 'show the version'),
  ];
  const everywhere = [...allGlobalFlags(), ...Object.values(CONNECTION_FLAGS).flat()];
  return [...own, ...everywhere.map(toOption)].map((option) => toFlag(option));
}

/** As it is written to completions/manifest.json. */
export function formatManifest(manifest: Manifest): string {
  const text = JSON.stringify(manifest, null, 2);
  // The formatter keeps short lists on one line, and would call the file badly formatted otherwise.
  return `${text.replace(/\[\n[^[\]{}]*\n\s*\]/g, toOneLine)}\n`;
}

function toOneLine(list: string): string {
  return `[${list.slice(1, -1).trim().replace(/\n\s*/g, ' ')}]`;
}

async function describe(entry: CommandEntry, context: Context): Promise<ManifestCommand> {
  const { newCommand } = await entry.load();
  const command = newCommand(context, entry);
  const { name, aliases, summary, impact, args, names } = entry;
  const flags = flagsOf(command).map((option) => toFlag(option, entry.flagNames));
  return { name, aliases, summary, impact, args, names, choices: choicesOf(command), flags };
}

function choicesOf(command: QctlCommand): string[] {
  return [...(command.registeredArguments[0]?.argChoices ?? [])];
}

function flagsOf(command: QctlCommand): Option[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.filter((option) => option.long);
}

function toFlag(option: Option, special: CommandEntry['flagNames'] = {}): ManifestFlag {
  return {
    name: option.long!,
    short: option.short ?? undefined,
    value: /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1],
    optional: option.optional || undefined,
    choices: option.argChoices && [...option.argChoices],
    names: special[option.long!] ?? FLAG_NAMES[option.flags.replace(/^-\w, /, '')],
    description: option.description,
  };
}

/** For commands that are built and never run: nothing of this is used. */
export function idleContext(): Context {
  const { stdin, stdout, stderr } = process;
  const host = { on: () => {}, off: () => {}, exit: () => {}, writeError: () => {} };
  const silent = () => undefined;
  const io = createIo({ stdin, stdout, stderr, env: {}, noColour: true });
  return createContext({ io, env: {}, watch: watchSignals(host, silent, silent) });
}
