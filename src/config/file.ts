import type { z } from 'zod';
import type { Environment } from './environment.ts';
import { interpolate, MissingVariable } from './interpolate.ts';
import { type Issue, type Path, toIssues } from './issues.ts';
import { fileSchema, type ProfileConfig, profileSchema } from './schema.ts';
import { valueAt } from './schema-walk.ts';
import {
  type FileWords,
  lineOf,
  parseYamlFile,
  readTextFile,
  toFileError,
  type YamlFile,
} from './yaml-file.ts';

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
  /** Validates a part of a profile with the schema of a room above, and throws as `readProfile`. */
  readPart<S extends z.ZodType>(name: string, part: string, schema: S, env: Environment): z.output<S>;
  /** Line of a field, from 1. */
  lineOf(path: Path): number;
}

const WORDS: FileWords = {
  what: 'the configuration',
  code: 'CONFIG',
  unreadable: 'check --config, QCTL_CONFIG and the permissions of the file',
};

/** Reads a file; undefined where it does not exist and is not required. */
export async function readConfigFile(path: string, required: boolean): Promise<ConfigFile | undefined> {
  const text = await readTextFile(path, WORDS, required);
  if (text === undefined) return undefined;
  const parsed = parseYamlFile(path, text, WORDS);
  const raw = parsed.raw ?? {};
  const top = fileSchema.safeParse(raw);
  if (!top.success) throw toFileError(parsed, toIssues(top.error, fileSchema, raw).map(misplaced));
  const profiles = top.data.profiles ?? {};
  return {
    path,
    name: parsed.name,
    defaultProfile: top.data.profile,
    profiles: Object.keys(profiles),
    readProfile: (name, env) => validate(parsed, ['profiles', name], profileSchema, profiles[name], env),
    readPart: (name, part, schema, env) =>
      validate(parsed, ['profiles', name, part], schema, valueAt(profiles[name], [part]), env),
    lineOf: (field) => lineOf(parsed, field),
  };
}

/** What stands at the top and belongs to a profile is not misspelt. */
function misplaced(issue: Issue): Issue {
  const [field, ...rest] = issue.path;
  if (rest.length > 0 || !Object.hasOwn(profileSchema.shape, String(field))) return issue;
  return { ...issue, hint: `${field} belongs below profiles.NAME` };
}

function validate<S extends z.ZodType>(
  parsed: YamlFile,
  at: Path,
  schema: S,
  raw: unknown,
  env: Environment,
): z.output<S> {
  const result = schema.safeParse(interpolateOrThrow(parsed, at, raw ?? {}, env));
  if (result.success) return result.data;
  const issues = toIssues(result.error, schema, raw ?? {});
  throw toFileError(
    parsed,
    issues.map((issue) => ({ ...issue, path: [...at, ...issue.path] })),
  );
}

function interpolateOrThrow(parsed: YamlFile, at: Path, raw: unknown, env: Environment): unknown {
  try {
    return interpolate(raw, env);
  } catch (error) {
    if (!(error instanceof MissingVariable)) throw error;
    const hint = `set the variable, or give a default: \${${error.variable}:-value}`;
    throw toFileError(parsed, [{ path: [...at, ...error.path], problem: error.message, hint }]);
  }
}
