import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Document, isMap, LineCounter, parseDocument, type YAMLParseError } from 'yaml';
import { isQctlError, QctlError } from '../errors.ts';
import type { Issue, Path } from './issues.ts';

/** What a file is called in errors: `the configuration`, and the prefix of their codes: `CONFIG`. */
export interface FileWords {
  what: string;
  code: string;
  /** What to do where it cannot be read. */
  unreadable: string;
}

/** A YAML text with the way back from a field to its line. */
export interface YamlFile {
  path: string;
  /** The name that errors and origins use. */
  name: string;
  text: string;
  words: FileWords;
  document: Document.Parsed;
  counter: LineCounter;
  /** The value as it stands there; undefined for an empty text. */
  raw: unknown;
}

/** Reads a text; undefined where there is no such file and it is not required. Throws `config` …_UNREADABLE. */
export async function readTextFile(
  path: string,
  words: FileWords,
  required: boolean,
): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return undefined;
    throw new QctlError('config', `cannot read ${words.what} ${path} (${code})`, {
      code: `${words.code}_UNREADABLE`,
      hint: [words.unreadable],
      details: { file: path },
      cause,
    });
  }
}

/** Parses a text; anchors, aliases and `<<` are understood. Throws `config` …_SYNTAX with the line. */
export function parseYamlFile(path: string, text: string, words: FileWords): YamlFile {
  const counter = new LineCounter();
  const name = shortName(path);
  try {
    const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, merge: true });
    const file = { path, name, text, words, document, counter, raw: undefined };
    const [broken] = document.errors;
    if (broken) throw syntaxError(file, broken);
    const raw: unknown = document.toJS();
    refuseCircles(raw, new Set());
    return { ...file, raw };
  } catch (cause) {
    if (isQctlError(cause)) throw cause;
    // An alias of nothing, a merge of what is no mapping, aliases that multiply or contain themselves, too deep a nesting.
    throw new QctlError('config', `${name}: not valid YAML: ${lowerFirst((cause as Error).message)}`, {
      code: `${words.code}_SYNTAX`,
      hint: ['check its anchors (&name), aliases (*name) and merges (<<)'],
      details: { file: path },
      cause,
    });
  }
}

function refuseCircles(value: unknown, above: Set<unknown>): void {
  if (typeof value !== 'object' || value === null) return;
  if (above.has(value)) throw new Error('an alias stands inside of what it is an alias of');
  above.add(value);
  for (const inside of Object.values(value)) refuseCircles(inside, above);
  above.delete(value);
}

/** `qctl.yaml` for the file in the working directory, else the whole path. */
function shortName(path: string): string {
  return resolve(basename(path)) === resolve(path) ? basename(path) : path;
}

const MOST_TOLD = 50;

/** What is wrong in one error, a line each: `file:line: field: problem`. All of it is in the details. */
export function toFileError(file: YamlFile, issues: readonly Issue[]): QctlError {
  const placed = issues
    .map((issue) => ({ ...issue, line: lineOf(file, issue.path) }))
    .sort((a, b) => a.line - b.line);
  const lines = placed.map(({ path, line, problem }) => {
    const field = path.join('.');
    return `${file.name}:${line}: ${field ? `${field}: ` : ''}${problem}`;
  });
  const more = lines.length - MOST_TOLD;
  const told = more > 0 ? [...lines.slice(0, MOST_TOLD), `… and ${more} more`] : lines;
  return new QctlError('config', told.join('\n'), {
    code: `${file.words.code}_INVALID`,
    hint: hintsOf(placed),
    details: { file: file.path, issues: placed.map((issue) => ({ ...issue, path: issue.path.join('.') })) },
  });
}

/** What the checks advise; else that the file has to be mended, since nothing else helps. */
function hintsOf(issues: readonly Issue[]): string[] {
  const said = [...new Set(issues.flatMap(({ hint }) => hint ?? []))];
  return said.length > 0 ? said : ['mend the lines that are named, then the same command again'];
}

function syntaxError(file: YamlFile, cause: YAMLParseError): QctlError {
  const { line } = file.counter.linePos(cause.pos[0]);
  const [first = ''] = cause.message.split('\n');
  const problem =
    cause.code === 'MULTIPLE_DOCS'
      ? 'a second document begins here, and the file is one'
      : lowerFirst(first).replace(/\.$/, '');
  const unquoted = /[{,].*:\s*\$\{/.test(file.text.split('\n')[line - 1] ?? '');
  return new QctlError('config', `${file.name}:${line}: not valid YAML: ${problem}`, {
    code: `${file.words.code}_SYNTAX`,
    hint: [
      unquoted
        ? // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the file's author writes
          'inside { } a ${NAME} must stand in quotes'
        : 'check indentation and quotes around that line',
    ],
    details: { file: file.path, line },
    cause,
  });
}

/** The line of the field itself where it is written, of what surrounds it where it is missing. From 1. */
export function lineOf({ document, counter }: Pick<YamlFile, 'document' | 'counter'>, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const offset =
      keyOffset(parent, path[length - 1]!) ?? nodeOffset(document.getIn(path.slice(0, length), true));
    if (offset !== undefined) return counter.linePos(offset).line;
  }
  return 1;
}

function keyOffset(parent: unknown, key: string | number): number | undefined {
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => String(item.key) === String(key));
  return nodeOffset(pair?.key);
}

function nodeOffset(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] | null } | undefined)?.range?.[0];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
