import type { z } from 'zod';
import { keysAt, literals, optionsOf, type Path, schemaAt, valueAt } from './schema-walk.ts';
import { findSimilar } from './similar.ts';

export type { Path } from './schema-walk.ts';

/** One thing that is wrong in a configuration, without its place in a file. */
export interface Issue {
  path: Path;
  /** `expected text, got 5`. */
  problem: string;
  hint?: string;
}

type ZodIssue = z.core.$ZodIssue;

const NAMES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

const SECRET_FIELD = /password|secret|token/i;

/**
 * What zod complains of, in the words of the file's author.
 *
 * @param schema the schema that failed, for the names that would have been right
 * @param raw the value as it stands in the file: with `${VAR}`, not with what the variable holds
 */
export function toIssues(error: z.ZodError, schema: z.ZodType, raw: unknown): Issue[] {
  return error.issues.flatMap((issue) => expand(issue, schema, raw));
}

function expand(issue: ZodIssue, schema: z.ZodType, raw: unknown): Issue[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, schema, raw));
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, problem: message }));
  if (issue.code === 'invalid_union') return expandUnion(issue, path, schema, raw);
  if (issue.code === 'custom' && issue.params?.whole) return [wholeIssue(issue, path)];
  return [{ path, problem: `${expectation(issue)}, ${got(path, valueAt(raw, path))}` }];
}

/** What a schema has found out by itself: its message says all there is to say. See {@link wholeProblem}. */
function wholeIssue(issue: Extract<ZodIssue, { code: 'custom' }>, path: Path): Issue {
  const hint = issue.params?.hint as string | undefined;
  return { path, problem: issue.message, ...(hint && { hint }) };
}

/** An issue that a transformation pushes and that {@link toIssues} passes on as it is. */
export function wholeProblem(input: unknown, path: Path, message: string, hint?: string) {
  return { code: 'custom' as const, path: [...path], message, input, params: { whole: true, hint } };
}

function unknownKey(path: Path, key: string, schema: z.ZodType, raw: unknown): Issue {
  const similar = findSimilar(key, keysAt(schema, path, raw));
  return {
    path: [...path, key],
    problem: 'unknown field',
    ...(similar && { hint: `did you mean ${similar}?` }),
  };
}

/** Of several shapes the one that came closest is meant: the one that fails deepest, an unknown field included. */
function expandUnion(
  issue: Extract<ZodIssue, { code: 'invalid_union' }>,
  path: Path,
  schema: z.ZodType,
  raw: unknown,
): Issue[] {
  if (issue.discriminator !== undefined) return [unknownKind(path, schema, raw)];
  const value = valueAt(raw, path);
  // In a list of the right kind the item that is wrong says more than the list.
  const inside = Array.isArray(value) && issue.errors.some((all) => typeof all[0]?.path[0] === 'number');
  if (issue.message.startsWith('expected') && !inside)
    return [{ path, problem: `${issue.message}, ${got(path, value)}` }];
  const branches = issue.errors.filter((issues) =>
    issues.some((one) => one.path.length > 0 || one.code === 'unrecognized_keys'),
  );
  const [closest] = branches.sort((a, b) => a.length - b.length);
  if (closest && typeof value === 'object') {
    return closest.flatMap((one) =>
      expand({ ...one, path: [...path, ...one.path] } as ZodIssue, schema, raw),
    );
  }
  const expected = issue.errors.map(([first]) => (first ? expectation(first).replace(/^expected /, '') : ''));
  const wanted = [...new Set(expected.filter(Boolean))].join(' or ');
  return [{ path, problem: `expected ${wanted}, ${got(path, value)}` }];
}

function unknownKind(path: Path, schema: z.ZodType, raw: unknown): Issue {
  const field = String(path.at(-1));
  const union = schemaAt(schema, path.slice(0, -1), raw) ?? schema;
  const kinds = optionsOf(union).flatMap((option) => literals(option, field));
  return { path, problem: `expected ${kinds.join(' or ')}, ${got(path, valueAt(raw, path))}` };
}

function expectation(issue: ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${NAMES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}`;
  if (issue.code === 'too_small')
    return issue.origin === 'string' ? 'expected text' : `expected at least ${issue.minimum}`;
  if (issue.code === 'invalid_format')
    return issue.message.startsWith('expected') ? issue.message : 'expected another form';
  return lowerFirst(issue.message);
}

/** The value where it is short and no secret, else only what kind of thing it is. */
function got(path: Path, value: unknown): string {
  if (value === undefined) return 'but it is missing';
  const secret = path.some((part) => SECRET_FIELD.test(String(part)) || part === 'url');
  if (value === null) return 'got nothing';
  if (typeof value === 'object') return Array.isArray(value) ? 'got a list' : 'got a mapping';
  if (secret) return `got ${NAMES[typeof value] ?? typeof value}`;
  return typeof value === 'string' ? `got ${JSON.stringify(value.slice(0, 60))}` : `got ${String(value)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
