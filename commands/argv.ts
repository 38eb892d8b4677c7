import { EXTRA_FORMATS, flagsWithValue, OUTPUT_FORMATS, type OutputFormat } from './flags.ts';

/** A word of the command line that is no flag and no flag's value. */
export interface Word {
  text: string;
  /** Where it stands in argv. */
  at: number;
}

/**
 * The words of argv. Which unknown flags take a value is known only once the command is loaded, so
 * only the first words can be trusted, and those are all that is needed to find it.
 */
export function findWords(argv: readonly string[]): Word[] {
  const valued = flagsWithValue();
  const words: Word[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const text = argv[at]!;
    if (text === '--') break;
    if (valued.has(text) || isWatchWithInterval(text, argv[at + 1])) at += 1;
    else if (!text.startsWith('-')) words.push({ text, at });
  }
  return words;
}

/**
 * argv with each `--watch` as one word, `--watch=…`: the parser would take a stream's name that follows
 * for its interval.
 */
export function joinWatch(argv: readonly string[], defaultInterval: string): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const joined: string[] = [];
  for (let at = 0; at < end; at += 1) {
    const text = argv[at]!;
    if (text !== '--watch') {
      joined.push(text);
      continue;
    }
    const given = isWatchWithInterval(text, argv[at + 1]);
    joined.push(`--watch=${given ? argv[at + 1] : defaultInterval}`);
    if (given) at += 1;
  }
  return [...joined, ...argv.slice(end)];
}

function isWatchWithInterval(text: string, next: string | undefined): boolean {
  return text === '--watch' && next !== undefined && /^\d[\d.a-z]*$/.test(next);
}

/** True where one of these flags stands before `--`. */
export function hasFlag(argv: readonly string[], ...names: string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((arg) => names.includes(arg));
}

/** The output format before the flags are parsed: an error in the flags is printed in it, too. */
export function scanOutput(argv: readonly string[], env: Record<string, string | undefined>): OutputFormat {
  const found = scanValue(argv, '-o', '--output') ?? env.QCTL_OUTPUT;
  return [...OUTPUT_FORMATS, ...EXTRA_FORMATS].find((format) => format === found) ?? 'table';
}

function scanValue(argv: readonly string[], short: string, long: string): string | undefined {
  for (const [at, arg] of argv.entries()) {
    if (arg === '--') return undefined;
    if (arg === short || arg === long) return argv[at + 1];
    if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1);
    if (arg.startsWith(short) && !arg.startsWith('--')) return arg.slice(short.length);
  }
  return undefined;
}
