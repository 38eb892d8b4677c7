// The manifest is generated from the registry, so this file needs no other: a shell waits for it.
import manifest from '../completions/manifest.json' with { type: 'json' };
import type { Manifest, ManifestCommand, ManifestFlag } from './manifest.ts';

const { commands, flags: rootFlags } = manifest as Manifest;

/**
 * Candidates for the last of these words, one a line, a description behind a tab. It reads nothing
 * but the manifest, and never fails: what it printed would become a candidate.
 *
 * @param words what stands on the command line after `qctl`, the unfinished word last
 */
export function complete(words: readonly string[]): string {
  const current = words.at(-1) ?? '';
  const found = candidates(words.slice(0, -1), current).filter(([name]) => name.startsWith(current));
  return found
    .map(([name, description]) => (description ? `${name}\t${description}\n` : `${name}\n`))
    .join('');
}

type Candidate = readonly [name: string, description?: string];

function candidates(before: readonly string[], current: string): Candidate[] {
  const plain = plainWords(before);
  const command = byName(plain.slice(0, 2).join(' ')) ?? byName(plain[0] ?? '');
  const flags = command?.flags ?? rootFlags;
  const awaiting = flags.find((flag) => needsValue(flag) && isNamed(flag, before.at(-1)));
  if (awaiting) return (awaiting.choices ?? []).map((choice) => [choice]);
  if (current.startsWith('-')) return flagCandidates(flags, before);
  if (command) return isFirstArgument(command, plain) ? command.choices.map((choice) => [choice]) : [];
  return plain.length === 0 ? nouns() : verbs(plain[0]!);
}

/** Choices are those of the first argument; behind it stand names that only Redis knows. */
function isFirstArgument({ name }: ManifestCommand, plain: readonly string[]): boolean {
  return plain.length <= name.split(' ').length;
}

/** The words that are neither flags nor values of flags that stand before a command. */
function plainWords(before: readonly string[]): string[] {
  const isValue = (at: number) => rootFlags.some((flag) => needsValue(flag) && isNamed(flag, before[at - 1]));
  return before.filter((word, at) => !word.startsWith('-') && !isValue(at));
}

function needsValue(flag: ManifestFlag): boolean {
  return flag.value !== undefined && !flag.optional;
}

function isNamed(flag: ManifestFlag, word: string | undefined): boolean {
  return word !== undefined && (flag.name === word || flag.short === word);
}

function byName(name: string): ManifestCommand | undefined {
  return commands.find((command) => command.name === name || command.aliases?.includes(name));
}

function flagCandidates(flags: readonly ManifestFlag[], before: readonly string[]): Candidate[] {
  return flags.filter((flag) => !before.includes(flag.name)).map((flag) => [flag.name, flag.description]);
}

function nouns(): Candidate[] {
  const names = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [noun, verb] = name.split(' ');
    if (!names.has(noun!)) names.set(noun!, verb ? verbList(noun!) : summary);
  }
  return [...names];
}

function verbList(noun: string): string {
  return verbs(noun)
    .map(([verb]) => verb)
    .join(', ');
}

function verbs(noun: string): Candidate[] {
  return commands.flatMap(({ name, aliases = [], summary }) =>
    [name, ...aliases]
      .filter((one) => one.startsWith(`${noun} `))
      .map((one) => [one.slice(noun.length + 1), summary] as const),
  );
}
