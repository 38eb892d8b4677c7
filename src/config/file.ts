import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Document, isMap, LineCounter, parseDocument, type YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { QctlError } from '../errors.ts';
import type { Environment } from './environment.ts';
import { interpolate, MissingVariable } from './interpolate.ts';
import { type Issue, type Path, toIssues } from './issues.ts';
import { fileSchema, type ProfileConfig, profileSchema } from './schema.ts';

/** A configuration file, read but not yet validated: each profile is validated when it is asked for. */
export interface ConfigFile {
  path: string;
  /** The name that errors and origins use. */
  name: string;
  /** `profile:` of the file. */
  defaultProfile?: string;
  profiles: string[];
  /** Validates one profile. Throws a `config` error that names file, line, field and value. */
  readProfile(name: string, env: Environment): ProfileConfig;
  /** Line of a field, from 1. */
  lineOf(path: Path): number;
}

interface Parsed {
  path: string;
  name: string;
  document: Document.Parsed;
  counter: LineCounter;
  raw: unknown;
}

/** Reads a file; undefined where it does not exist and is not required. */
export async function readConfigFile(path: string, required: boolean): Promise<ConfigFile | undefined> {
  const text = await readText(path, required);
  if (text === undefined) return undefined;
  const parsed = parse(path, text);
  const raw = parsed.raw ?? {};
  const top = fileSchema.safeParse(raw);
  if (!top.success) throw toError(parsed, toIssues(top.error, fileSchema, raw).map(misplaced));
  const profiles = top.data.profiles ?? {};
  return {
    path,
    name: parsed.name,
    defaultProfile: top.data.profile,
    profiles: Object.keys(profiles),
    readProfile: (name, env) => validate(parsed, ['profiles', name], profileSchema, profiles[name], env),
    lineOf: (field) => lineOf(parsed, field),
  };
}

/** What stands at the top and belongs to a profile is not misspelt. */
function misplaced(issue: Issue): Issue {
  const [field, ...rest] = issue.path;
  if (rest.length > 0 || !Object.hasOwn(profileSchema.shape, String(field))) return issue;
  return { ...issue, hint: `${field} belongs below profiles.NAME` };
}

async function readText(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return undefined;
    throw new QctlError('config', `cannot read the configuration ${path} (${code})`, {
      code: 'CONFIG_UNREADABLE',
      hint: ['check --config, QCTL_CONFIG and the permissions of the file'],
      details: { file: path },
      cause,
    });
  }
}

function parse(path: string, text: string): Parsed {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const parsed = { path, name: shortName(path), document, counter, raw: undefined };
  const [broken] = document.errors;
  if (broken) throw syntaxError(parsed, text, broken);
  return { ...parsed, raw: document.toJS() };
}

/** `qctl.yaml` for the file in the working directory, else the whole path. */
function shortName(path: string): string {
  return resolve(basename(path)) === resolve(path) ? basename(path) : path;
}

function validate<S extends z.ZodType>(
  parsed: Parsed,
  at: Path,
  schema: S,
  raw: unknown,
  env: Environment,
): z.output<S> {
  const result = schema.safeParse(interpolateOrThrow(parsed, at, raw ?? {}, env));
  if (result.success) return result.data;
  const issues = toIssues(result.error, schema, raw ?? {});
  throw toError(
    parsed,
    issues.map((issue) => ({ ...issue, path: [...at, ...issue.path] })),
  );
}

function interpolateOrThrow(parsed: Parsed, at: Path, raw: unknown, env: Environment): unknown {
  try {
    return interpolate(raw, env);
  } catch (error) {
    if (!(error instanceof MissingVariable)) throw error;
    const hint = `set the variable, or give a default: \${${error.variable}:-value}`;
    throw toError(parsed, [{ path: [...at, ...error.path], problem: error.message, hint }]);
  }
}

function toError(parsed: Parsed, issues: readonly Issue[]): QctlError {
  const placed = issues
    .map((issue) => ({ ...issue, line: lineOf(parsed, issue.path) }))
    .sort((a, b) => a.line - b.line);
  const lines = placed.map(({ path, line, problem }) => {
    const field = path.join('.');
    return `${parsed.name}:${line}: ${field ? `${field}: ` : ''}${problem}`;
  });
  return new QctlError('config', lines.join('\n'), {
    code: 'CONFIG_INVALID',
    hint: placed.flatMap(({ hint }) => hint ?? []),
    details: { file: parsed.path, issues: placed.map((issue) => ({ ...issue, path: issue.path.join('.') })) },
  });
}

function syntaxError(parsed: Parsed, text: string, cause: YAMLParseError): QctlError {
  const { line } = parsed.counter.linePos(cause.pos[0]);
  const [first = ''] = cause.message.split('\n');
  const problem = first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
  const unquoted = /[{,].*:\s*\$\{/.test(text.split('\n')[line - 1] ?? '');
  return new QctlError('config', `${parsed.name}:${line}: not valid YAML: ${problem}`, {
    code: 'CONFIG_SYNTAX',
    hint: [
      unquoted
        ? // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the file's author writes
          'inside { } a ${NAME} must stand in quotes'
        : 'check indentation and quotes around that line',
    ],
    details: { file: parsed.path, line },
    cause,
  });
}

/** The line of the field itself where it is written, of what surrounds it where it is missing. */
function lineOf({ document, counter }: Parsed, path: Path): number {
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
