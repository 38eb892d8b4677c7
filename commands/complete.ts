import manifest from '../completions/manifest.json' with { type: 'json' };
import { globalFlags } from './flags.ts';
import { COMMANDS, findCommand, verbsOf } from './registry.ts';

interface ManifestFlag {
  name: string;
  short?: string;
  value?: string;
  choices?: string[];
  description: string;
}

interface ManifestCommand {
  name: string;
  choices: string[];
  flags: ManifestFlag[];
}

const commands: readonly ManifestCommand[] = manifest.commands;

/**
 * Candidates for the last of these words, one a line, a description behind a tab. It reads nothing
 * but the registry and the manifest, and never fails: what it printed would become a candidate.
 *
 * @param words what stands on the command line after `qctl`, the unfinished word last
 */
export function complete(words: readonly string[]): string {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const found = candidates(before, current).filter(([name]) => name.startsWith(current));
  return found
    .map(([name, description]) => (description ? `${name}\t${description}\n` : `${name}\n`))
    .join('');
}

/** What can stand before a command. */
const ROOT_FLAGS: readonly ManifestFlag[] = [
  { name: '--help', description: 'show the commands' },
  { name: '--version', description: 'show the version' },
  ...globalFlags('write').map(({ flags, choices, description }) => ({
    name: /--[a-z-]+/.exec(flags)![0],
    short: /^-[a-z]\b/.exec(flags)?.[0],
    value: /<(.+)>/.exec(flags)?.[1],
    choices: choices && [...choices],
    description,
  })),
];

type Candidate = readonly [name: string, description?: string];

function candidates(before: readonly string[], current: string): Candidate[] {
  const plain = before.filter((word) => !word.startsWith('-'));
  const entry = findCommand(plain);
  const command = commands.find((known) => known.name === entry?.name);
  const flags = command?.flags ?? ROOT_FLAGS;
  const awaiting = flags.find((flag) => flag.value && [flag.name, flag.short].includes(before.at(-1) ?? ''));
  if (awaiting) return (awaiting.choices ?? []).map((choice) => [choice]);
  if (current.startsWith('-')) return flagCandidates(flags, before);
  if (command) return command.choices.map((choice) => [choice]);
  return plain.length === 0 ? nouns() : verbs(plain[0]!);
}

function flagCandidates(flags: readonly ManifestFlag[], before: readonly string[]): Candidate[] {
  return flags.filter((flag) => !before.includes(flag.name)).map((flag) => [flag.name, flag.description]);
}

function nouns(): Candidate[] {
  const names = new Map<string, string | undefined>();
  for (const entry of COMMANDS) {
    const [noun, verb] = entry.name.split(' ');
    if (!names.has(noun!)) names.set(noun!, verb ? undefined : entry.summary);
  }
  return [...names].map(([noun, summary]) => [noun, summary ?? verbList(noun)]);
}

function verbList(noun: string): string {
  return verbs(noun)
    .map(([verb]) => verb)
    .join(', ');
}

function verbs(noun: string): Candidate[] {
  return verbsOf(noun).map((entry) => [entry.name.slice(noun.length + 1), entry.summary]);
}
