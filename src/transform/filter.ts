import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import { QctlError } from '../errors.ts';
import type { Message } from '../model/message.ts';
import { viewOf } from './mapping.ts';

type Tree = ReturnType<typeof compile>;

/** A message of which an expression finds nothing and everything it can be wrong about by itself. */
const BLANK: Message = { id: '', body: Buffer.from('null') };

/** What an expression cannot be evaluated for. */
const FAILED = Symbol('failed');

/** What a filter says of a message; `unevaluated`: it can say nothing, and nobody knows whether it is meant. */
export type Judged = 'matched' | 'unmatched' | 'unevaluated';

/**
 * Compiles `--filter` once: JMESPath over the message (`body.kind == 'refund'`, `attributes.tenant`).
 * A message is matched where the result is true as JMESPath counts: not false, null or empty. One
 * whose body is no JSON though the expression looks into it is not evaluated, and neither is one whose
 * values are of a kind that a function does not take.
 *
 * @throws QctlError `config` (BAD_FILTER) where the expression cannot be meant
 */
export function compileFilter(expression: string): (message: Message) => Judged {
  const evaluate = compileValue(expression, 'filter');
  return (message) => {
    const value = evaluate(message);
    if (value === FAILED) return 'unevaluated';
    return isTrue(value) ? 'matched' : 'unmatched';
  };
}

/**
 * Compiles `--type`: JMESPath that gives the type of a message as text; undefined where it gives none,
 * null where it cannot be evaluated.
 *
 * @throws QctlError `config` (BAD_TYPE) where the expression cannot be meant
 */
export function compileType(expression: string): (message: Message) => string | undefined | null {
  const evaluate = compileValue(expression, 'type');
  return (message) => {
    const value = evaluate(message);
    if (value === FAILED) return null;
    if (value === null || value === undefined || value === '') return undefined;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
}

function compileValue(expression: string, what: 'filter' | 'type'): (message: Message) => unknown {
  const tree = parse(expression, what);
  const parsed = namesBody(tree);
  const evaluate = (message: Message): unknown =>
    TreeInterpreter.search(tree, viewOf(message, parsed) as never);
  try {
    evaluate(BLANK);
  } catch (cause) {
    // A function that there is not, or too many arguments: wrong for every message alike.
    if (/unknown function|arity/i.test((cause as Error).message)) throw refused(expression, what, cause);
  }
  return (message) => {
    if (parsed && message.body === null) return FAILED;
    try {
      return evaluate(message);
    } catch {
      // No JSON, or a number where a function takes text.
      return FAILED;
    }
  };
}

function parse(expression: string, what: 'filter' | 'type'): Tree {
  try {
    return compile(expression);
  } catch (cause) {
    throw refused(expression, what, cause);
  }
}

function refused(expression: string, what: 'filter' | 'type', cause: unknown): QctlError {
  return new QctlError('config', `${what}: '${expression}' is no JMESPath expression that can be used`, {
    code: what === 'filter' ? 'BAD_FILTER' : 'BAD_TYPE',
    hint: [(cause as Error).message, "for example: body.kind == 'refund', or attributes.tenant"],
    cause,
  });
}

/** Whether an expression looks at the body; a field of that name inside something else is another one. */
function namesBody(node: unknown): boolean {
  if (node === null || typeof node !== 'object') return false;
  if (Array.isArray(node)) return node.some(namesBody);
  const { type, name, left, right, ...others } = node as Record<string, unknown>;
  if (type === 'Field') return name === 'body';
  if (type === 'Literal') return false;
  const inner = type === 'Subexpression' && !isRoot(left) ? [left] : [left, right];
  return namesBody(inner) || namesBody(Object.values(others));
}

function isRoot(node: unknown): boolean {
  const { type } = (node ?? {}) as { type?: string };
  return type === 'Root' || type === 'Current' || type === 'Identity';
}

function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (typeof value !== 'object') return true;
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}
