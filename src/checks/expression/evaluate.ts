import type { CheckValue } from '../check.ts';
import type { Node, Operator } from './tree.ts';

/** What the names of an expression stand for; absent and NaN are null: unknown. */
export type Scope = Readonly<Record<string, CheckValue | undefined>>;

/**
 * The value of a tree; null where it is not known. Unknown is no error: it passes through sums and comparisons,
 * and only `and` and `or` may settle it (`false and unknown` is false). What is of the wrong type is unknown, too.
 */
export function evaluate(node: Node, scope: Scope): CheckValue {
  switch (node.kind) {
    case 'number':
    case 'literal':
      return node.value;
    case 'name':
      return nameIn(scope, node.name);
    case 'not': {
      const value = truth(evaluate(node.of, scope));
      return value === null ? null : !value;
    }
    case 'minus':
      return finite(-number(evaluate(node.of, scope)));
    case 'call': {
      const value = evaluate(node.of, scope);
      return node.name === 'isNull' ? value === null : finite(Math.abs(number(value)));
    }
    case 'binary':
      return evaluateBinary(node, scope);
  }
}

function nameIn(scope: Scope, name: string): CheckValue {
  const value = Object.hasOwn(scope, name) ? (scope[name] ?? null) : null;
  return typeof value === 'number' ? finite(value) : value;
}

/** NaN stands for what is no number; every sum and comparison with it is unknown. */
function number(value: CheckValue): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function truth(value: CheckValue): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

function evaluateBinary({ operator, left, right }: Node & { kind: 'binary' }, scope: Scope): CheckValue {
  const a = evaluate(left, scope);
  if (operator === 'and' || operator === 'or') {
    return joined(operator === 'or', truth(a), () => truth(evaluate(right, scope)));
  }
  const b = evaluate(right, scope);
  if (operator === '==' || operator === '!=') {
    const same = isNull(left) || isNull(right) ? a === b : equal(a, b);
    return same === null ? null : same === (operator === '==');
  }
  return calculate(operator, number(a), number(b));
}

/** The word `null` asks whether something is known. */
function isNull(node: Node): boolean {
  return node.kind === 'literal' && node.value === null;
}

function equal(a: CheckValue, b: CheckValue): boolean | null {
  return a === null || b === null || typeof a !== typeof b ? null : a === b;
}

/** `settling` is what one operand needs to be for the other to be of no matter. */
function joined(settling: boolean, a: boolean | null, other: () => boolean | null): boolean | null {
  if (a === settling) return settling;
  const b = other();
  if (b === settling) return settling;
  return a === null || b === null ? null : !settling;
}

type Arithmetic = Exclude<Operator, 'and' | 'or' | '==' | '!='>;

function calculate(operator: Arithmetic, a: number, b: number): CheckValue {
  if (Number.isNaN(a) || Number.isNaN(b)) return null;
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '+':
      return finite(a + b);
    case '-':
      return finite(a - b);
    case '*':
      return finite(a * b);
    case '/':
      return finite(a / b);
  }
}
