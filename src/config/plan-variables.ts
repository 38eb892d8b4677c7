import * as z from 'zod';
import type { Environment } from './environment.ts';
import type { Issue, Path } from './issues.ts';
import { hasPassword, isSecretName } from './redact.ts';
import { findSimilar } from './similar.ts';

const literal = z.union([z.string(), z.number(), z.boolean()], 'expected text, a number, or true or false');

/** `variables:` of a plan. */
export const variablesSchema = z.record(
  z.string().regex(/^[A-Za-z_][\w-]*$/, 'expected a name of letters, digits, _ and -'),
  z.union([
    literal,
    z.strictObject({
      env: z.string().min(1).optional(),
      default: literal.optional(),
      secret: z.boolean().optional(),
    }),
  ]),
);

type Declared = z.output<typeof variablesSchema>[string];
type Literal = z.output<typeof literal>;

/** What `${name}` stands for in a plan. */
export interface PlanVariables {
  values: ReadonlyMap<string, Literal>;
  /** Those of which nobody may see the value. */
  secret: ReadonlySet<string>;
}

/** The values that `--set` gives, and where `{ env: NAME }` looks. */
export interface VariableOrigins {
  env: Environment;
  /** Value by name. */
  given: Readonly<Record<string, string>>;
}

/**
 * The values of the variables, in the order in which they are declared: one may use those above it. A value
 * given by hand comes before the environment, and that before the default.
 */
export function resolveVariables(
  declared: Readonly<Record<string, Declared>>,
  origins: VariableOrigins,
): { variables: PlanVariables; issues: Issue[] } {
  const values = new Map<string, Literal>();
  const secret = new Set<string>();
  const issues = unknownGiven(declared, origins.given);
  for (const [name, one] of Object.entries(declared)) {
    const path = ['variables', name];
    const found = givenTo(name, one, origins);
    if (typeof found === 'object') {
      issues.push({ path, ...found });
      continue;
    }
    const filled = fillIn(found, { values, secret }, path);
    issues.push(...filled.issues);
    values.set(name, filled.value as Literal);
    const derived = usedIn(found).some((used) => secret.has(used));
    if (derived || isSecret(name, one, String(filled.value))) secret.add(name);
  }
  return { variables: { values, secret }, issues };
}

function unknownGiven(declared: object, given: Readonly<Record<string, string>>): Issue[] {
  const known = Object.keys(declared);
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: ['variables'],
      problem: `there is no variable ${name} to be set`,
      hint: suggestion(name, known),
    }));
}

type Problem = Pick<Issue, 'problem' | 'hint'>;

function givenTo(name: string, declared: Declared, { env, given }: VariableOrigins): Literal | Problem {
  const { env: from, default: fallback, secret } = spec(declared);
  const byHand = Object.hasOwn(given, name) ? given[name] : undefined;
  if (byHand !== undefined) {
    if (secret ?? isSecretName(name))
      return {
        problem: 'is secret and cannot be set by hand: others see the arguments of a command',
        hint: `give it by the environment: ${name}: { env: NAME, secret: true }`,
      };
    return typed(byHand, fallback);
  }
  const found = from === undefined ? undefined : env[from];
  if (found !== undefined && found !== '') return typed(found, fallback);
  if (fallback !== undefined) return fallback;
  if (from !== undefined)
    return { problem: `${from} is not set`, hint: `set ${from} in the environment, or give a default` };
  return { problem: 'has no value', hint: `give one: --set ${name}=VALUE` };
}

function spec(declared: Declared): { env?: string; default?: Literal; secret?: boolean } {
  return typeof declared === 'object' ? declared : { default: declared };
}

/** Where the plan has a number or a yes and no, what takes its place is one, too. */
function typed(text: string, fallback: Literal | undefined): Literal | Problem {
  if (typeof fallback === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    return { problem: 'expected true or false, as the plan has it' };
  }
  if (typeof fallback !== 'number') return text;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  return { problem: 'expected a number, as the plan has it' };
}

function isSecret(name: string, declared: Declared, value: string): boolean {
  const { env, secret } = spec(declared);
  return secret ?? (isSecretName(name) || (env !== undefined && isSecretName(env)) || hasPassword(value));
}

const REFERENCE = /\$(\$\{)|\$\{([^}]*)\}/g;

/** Puts variables into every text of a value; keys stay as they are. `$${` stands for `${`. */
export function fillIn(
  value: unknown,
  variables: PlanVariables,
  path: Path = [],
): { value: unknown; issues: Issue[] } {
  const issues: Issue[] = [];
  return { value: fill(value, path), issues };

  function fill(one: unknown, at: Path): unknown {
    if (typeof one === 'string') return fillText(one, at);
    if (Array.isArray(one)) return one.map((item, index) => fill(item, [...at, index]));
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, fill(item, [...at, key])]));
  }

  function fillText(text: string, at: Path): Literal {
    const [, whole] = /^\$\{([^}]*)\}$/.exec(text) ?? [];
    // What is a number in `variables` stays one where it stands alone.
    if (whole !== undefined && variables.values.has(whole)) return variables.values.get(whole)!;
    return text.replace(REFERENCE, (found, dollar: string | undefined, name: string) => {
      if (dollar) return dollar;
      const value = variables.values.get(name);
      if (value === undefined) issues.push(unknownName(name, at, variables));
      return value === undefined ? found : String(value);
    });
  }
}

/** The names that a value refers to. */
function usedIn(value: Literal): string[] {
  if (typeof value !== 'string') return [];
  return [...value.matchAll(REFERENCE)].flatMap(([, dollar, name]) => (dollar ? [] : [name!]));
}

function unknownName(name: string, path: Path, { values }: PlanVariables): Issue {
  return {
    path,
    problem: `there is no variable ${name}`,
    hint: `${suggestion(name, [...values.keys()])}; a literal \${ is written $\${`,
  };
}

function suggestion(name: string, known: readonly string[]): string {
  const similar = findSimilar(name, known);
  if (similar) return `did you mean ${similar}?`;
  return known.length > 0 ? `variables: ${known.join(', ')}` : 'the plan has no variables';
}
