import type { Issue, Path } from '../../config/issues.ts';
import { hasPassword, isSecretName } from '../../config/redact.ts';

const PROBLEM = 'is a secret, and the text of a plan is kept in its journal and in Redis';

/** The secrets that stand in the plan itself: what is named like one, a variable said to be one, a URL with a password. */
export function literalSecrets(raw: Readonly<Record<string, unknown>>): Issue[] {
  const { variables, ...rest } = raw;
  return [...inVariables(variables), ...inValue(rest, [], false)];
}

function inVariables(variables: unknown): Issue[] {
  if (typeof variables !== 'object' || variables === null) return [];
  return Object.entries(variables).flatMap(([name, declared]) => {
    const { default: literal = declared, secret = isSecretName(name) } = declared ?? {};
    if (!isLiteral(literal) || (!secret && !hasPassword(literal))) return [];
    const hint = `take it from the environment: ${name}: { env: VARIABLE, secret: true }`;
    return [{ path: ['variables', name], problem: PROBLEM, hint }];
  });
}

function inValue(value: unknown, path: Path, secret: boolean): Issue[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => inValue(item, [...path, at], secret));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) => inValue(item, [...path, key], isSecretName(key)));
  if (!isLiteral(value) || (!secret && !hasPassword(value))) return [];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the author of a plan is to write.
  const hint = 'declare a variable, NAME: { env: VARIABLE, secret: true }, and write ${NAME} here';
  return [{ path, problem: PROBLEM, hint }];
}

/** A text that names no variable. */
function isLiteral(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/(?<!\$)\$\{[^}]*\}/.test(value);
}
