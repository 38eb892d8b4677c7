import type { Environment } from './environment.ts';

const REFERENCE = /\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Thrown for a `${VAR}` that is not set. */
export class MissingVariable extends Error {
  readonly variable: string;
  /** Where in the value it stands. */
  readonly path: readonly (string | number)[];

  constructor(variable: string, path: readonly (string | number)[]) {
    super(`\${${variable}} is not set`);
    this.variable = variable;
    this.path = path;
  }
}

/**
 * Puts variables into one text: `${NAME}`, `${NAME:-default}`, and `$${` for a literal `${`.
 * What was put in is not looked at again, so a value may contain `${` itself.
 */
export function interpolateText(
  text: string,
  env: Environment,
  path: readonly (string | number)[] = [],
): string {
  return text.replace(REFERENCE, (_, literal?: string, name?: string, fallback?: string) => {
    if (literal) return literal;
    const value = env[name!] || fallback;
    if (value === undefined) throw new MissingVariable(name!, path);
    return value;
  });
}

/** Puts variables into every text of a value; keys stay as they are. */
export function interpolate(
  value: unknown,
  env: Environment,
  path: readonly (string | number)[] = [],
): unknown {
  if (typeof value === 'string') return interpolateText(value, env, path);
  if (Array.isArray(value)) return value.map((item, at) => interpolate(item, env, [...path, at]));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, interpolate(item, env, [...path, key])]);
  return Object.fromEntries(entries);
}
