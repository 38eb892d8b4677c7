/** The words of a command line as a shell reads it: quotes are taken away, nothing is expanded. */
export function splitShellWords(line: string): string[] {
  const words: string[] = [];
  for (const [, word] of line.matchAll(/\s*((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+)/g))
    words.push(word!.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, unquoted));
  return words;
}

function unquoted(_: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
}
