/** Programs that read files of variables, each by rules of its own. */
export const READERS = ['systemd', 'sh', 'dotenv'] as const;

/** See {@link READERS}. `dotenv` is the package of that name for Node.js, and `node --env-file`. */
export type Reader = (typeof READERS)[number];

/**
 * The value that a reader finds in what is written behind `NAME=`; undefined where that depends on more
 * than the text (a shell's `$HOME`), or is no value to it.
 */
export function readAs(reader: Reader, raw: string): string | undefined {
  if (reader === 'systemd') return asSystemd(raw);
  return reader === 'sh' ? asShell(raw) : asDotenv(raw);
}

/** As `EnvironmentFile=` does. */
function asSystemd(raw: string): string {
  let value = '';
  let rest = raw;
  while (rest !== '') {
    rest = rest.replace(/^[ \t\r\n]+/, '');
    const quoted = /^'([^']*)'?|^"((?:[^"\\]|\\[\s\S])*)"?/.exec(rest);
    if (!quoted) return value + bareSystemd(rest);
    value += quoted[1] ?? quoted[2]!.replace(/\\([\s\S])/g, unescaped);
    rest = rest.slice(quoted[0].length);
  }
  return value;
}

function bareSystemd(rest: string): string {
  return rest
    .replace(/[ \t\r]+$/, '')
    .replace(/\\(\r?\n|[\s\S]|$)/g, (_all, next: string) => (/\n/.test(next) ? '' : next));
}

/** A backslash in double quotes, for systemd and for a shell. */
function unescaped(all: string, next: string): string {
  if (next === '\n') return '';
  return '"\\`$'.includes(next) ? next : all;
}

const SHELL_PART = /'([^']*)'|"((?:[^"\\$`]|\\[\s\S])*)"|\\(\r?\n|[\s\S])|([^'"\\$`\s;&|<>()])/y;

/** As `. file` does. */
function asShell(raw: string): string | undefined {
  // A tilde at the beginning, or behind a colon, is somebody's home.
  if (/(^|:)~/.test(raw)) return undefined;
  let value = '';
  SHELL_PART.lastIndex = 0;
  for (let at = 0; at < raw.length; at = SHELL_PART.lastIndex) {
    const part = SHELL_PART.exec(raw);
    if (!part) return undefined;
    const [, single, double, escaped, plain] = part;
    value +=
      single ?? double?.replace(/\\([\s\S])/g, unescaped) ?? (escaped === '\n' ? '' : escaped) ?? plain!;
  }
  return value;
}

const DOTENV = /^(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?/;

/** As dotenv does. Where it takes an escaped quote for none, it reads on into the next lines. */
function asDotenv(raw: string): string {
  const found = (DOTENV.exec(`${raw}\nNEXT='a'\nNEXT="b"\nNEXT=\`c\`\n`)?.[0] ?? '').trim();
  const value = found.replace(/^(['"`])([\s\S]*)\1$/gm, '$2');
  return found.startsWith('"') ? value.replace(/\\n/g, '\n').replace(/\\r/g, '\r') : value;
}
