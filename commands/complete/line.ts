import type { Manifest, ManifestCommand, ManifestFlag } from '../manifest.ts';

/** A line as far as it is written, read as the parser of the command would. */
export interface Line {
  /** The words up to the command, its own included; more than that where there is no such command. */
  plain: string[];
  command?: ManifestCommand;
  /** The words behind the command that are neither flags nor values of flags. */
  args: string[];
  /** Flags that can stand here. */
  known: readonly ManifestFlag[];
  /** Those that stand there. */
  given: ManifestFlag[];
  /** The last value of each flag, by its long name. */
  values: Map<string, string>;
  /** The flag whose value the next word is. */
  awaiting?: ManifestFlag;
  /** Behind `--`: no flags any more. */
  ended: boolean;
}

/** Reads the words before the unfinished one. */
export function readLine(manifest: Manifest, words: readonly string[]): Line {
  const line: Line = {
    ...{ plain: [], args: [], known: manifest.flags, given: [], values: new Map(), ended: false },
  };
  for (const word of words) readWord(manifest, line, word);
  return line;
}

function readWord(manifest: Manifest, line: Line, word: string): void {
  const isFlag = !line.ended && word.startsWith('-') && word.length > 1;
  if (line.awaiting && !(isFlag && line.values.has(line.awaiting.name))) {
    line.values.set(line.awaiting.name, word);
    if (!isVariadic(line.awaiting)) line.awaiting = undefined;
  } else if (!isFlag) readPlain(manifest, line, word);
  else if (word === '--') Object.assign(line, { ended: true, awaiting: undefined });
  else readFlag(line, word);
}

function readFlag(line: Line, word: string): void {
  const equals = word.indexOf('=');
  const flag = findFlag(line.known, equals > 0 ? word.slice(0, equals) : word);
  line.awaiting = undefined;
  if (!flag) return;
  line.given.push(flag);
  if (equals > 0) line.values.set(flag.name, word.slice(equals + 1));
  else if (needsValue(flag)) line.awaiting = flag;
}

/** A noun with a verb goes before a command of one word: `completion install`. */
function readPlain(manifest: Manifest, line: Line, word: string): void {
  const { plain } = line;
  const command = plain.length < 2 ? byName(manifest, [...plain, word].join(' ')) : undefined;
  if (command && line.args.length === 0) {
    line.command = command;
    line.known = command.flags;
    plain.push(word);
  } else if (line.command) line.args.push(word);
  else plain.push(word);
}

function byName({ commands }: Manifest, name: string): ManifestCommand | undefined {
  return commands.find((command) => command.name === name || command.aliases?.includes(name));
}

/** A flag by its long or its short name. */
export function findFlag(flags: readonly ManifestFlag[], word: string): ManifestFlag | undefined {
  return flags.find((flag) => flag.name === word || flag.short === word);
}

/** True where a value must follow. */
export function needsValue(flag: ManifestFlag): boolean {
  return flag.value !== undefined && !flag.optional;
}

/** True where it takes several values. */
export function isVariadic(flag: ManifestFlag): boolean {
  return flag.value?.endsWith('...') === true;
}
