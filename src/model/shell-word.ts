/** A word of a command line, fit to be pasted into a shell. */
export function shellWord(word: string): string {
  return /^[\w:.@%+=,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
