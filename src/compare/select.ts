import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import { QctlError } from '../errors.ts';
import type { Value } from './json.ts';

/** Looks something up in a record; null where there is nothing. */
export type Selector = (record: Value) => Value;

/** Fields by name, with hyphens as well, which JMESPath would take for a minus. */
const NAMES = /^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*$/;

/**
 * Compiles a field name, a path of names or a JMESPath expression.
 *
 * @param what for the error: `key`
 * @throws QctlError `config` BAD_EXPRESSION
 */
export function compileSelector(text: string, what: string): Selector {
  if (NAMES.test(text)) return byNames(text.split('.'));
  const search = compileSearch(text, what);
  return (record) => search(record) ?? null;
}

function byNames(names: readonly string[]): Selector {
  return (record) => {
    let value = record;
    for (const name of names) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
      value = (value as { [name: string]: Value })[name]!;
    }
    return value;
  };
}

/** Compiles JMESPath; null where an expression does not fit what it is given. */
export function compileSearch(text: string, what: string): Selector {
  let tree: ReturnType<typeof compile>;
  try {
    tree = compile(text);
  } catch (cause) {
    throw badExpression(text, what, cause);
  }
  const search: Selector = (value) => TreeInterpreter.search(tree, value as never) as Value;
  try {
    search(null);
  } catch (cause) {
    if (/unknown function|arity/i.test((cause as Error).message)) throw badExpression(text, what, cause);
  }
  return (value) => {
    try {
      return search(value);
    } catch {
      return null;
    }
  };
}

function badExpression(text: string, what: string, cause: unknown): QctlError {
  return new QctlError('config', `${what}: '${text}' is neither a field nor a JMESPath expression`, {
    code: 'BAD_EXPRESSION',
    hint: [(cause as Error).message, 'for example: id, body.orderId, or "order id" in quotes'],
    cause,
  });
}

/** True as JMESPath counts: not false, null or empty. */
export function isTrue(value: Value): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (typeof value !== 'object') return true;
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}
