import { formatExactDuration } from '../model/duration.ts';
import type { CheckValue } from './check.ts';
import { evaluate, type Scope } from './expression/evaluate.ts';
import { checkKinds } from './expression/kinds.ts';
import type { Unit } from './expression/numbers.ts';
import { ExpressionParser } from './expression/parser.ts';
import { COMPARISONS, type Node, nodesOf, printNode } from './expression/tree.ts';

/** A condition over what was measured: read once, evaluated as often as there is something to judge. */
export interface Expression {
  /** As it was written. */
  readonly text: string;
  readonly tree: Node;
  /** The names that it uses. */
  readonly names: ReadonlySet<string>;
  /** Null: not known, because a name that matters is null or missing, of another type, or divided by 0. */
  holds(scope: Scope): boolean | null;
  /** In its plainest form: one blank around operators, no parentheses that it does not need. */
  toString(): string;
}

/**
 * Reads a condition such as `value < baseline * 1.2 or isNull(value)`. It is never evaluated as code.
 *
 * @param names what it may ask for: `p99`, `rate`
 * @throws QctlError `config` BAD_EXPRESSION that names column and what was expected, and nothing else
 */
export function parseExpression(text: string, names: readonly string[] = ['value', 'baseline']): Expression {
  const tree = new ExpressionParser(text, names).parse();
  checkKinds(text, tree);
  return {
    text,
    tree,
    names: new Set([...nodesOf(tree)].flatMap((node) => (node.kind === 'name' ? [node.name] : []))),
    holds: (scope) => {
      const value = evaluate(tree, scope);
      return typeof value === 'boolean' ? value : null;
    },
    toString: () => printNode(tree),
  };
}

/** Whether it holds for a measured value. */
export function holdsFor(
  expression: Expression,
  value: CheckValue,
  baseline: number | null = null,
): boolean | null {
  return expression.holds({ value, baseline });
}

/** How a value stands to an expression, as a clause: `1204 is not < 1000`, `2s500ms is > 2s`. */
export function explain(
  expression: Expression,
  value: CheckValue,
  baseline: number | null,
  holds: boolean | null,
): string {
  const { tree } = expression;
  const unit = unitOf(tree);
  const used = expression.names.has('baseline');
  const against = used ? ` (baseline ${baseline === null ? 'unknown' : shown(baseline, unit)})` : '';
  if (tree.kind === 'binary' && isComparison(tree.operator) && tree.left.kind === 'name') {
    const verb = holds === null ? 'cannot be compared:' : holds ? 'is' : 'is not';
    const relation = tree.operator === '==' && holds !== null ? '' : `${tree.operator} `;
    return `${shown(value, unit)} ${verb} ${relation}${printNode(tree.right)}${against}`;
  }
  const verdict = holds === null ? 'cannot be told' : holds ? 'holds' : 'does not hold';
  return `${expression.text} ${verdict} for ${shown(value, unit)}${against}`;
}

function isComparison(operator: string): boolean {
  return (COMPARISONS as readonly string[]).includes(operator);
}

/** That of the first number that has one: what is compared with 2s is a duration. */
function unitOf(tree: Node): Unit | null {
  for (const node of nodesOf(tree)) if (node.kind === 'number' && node.unit) return node.unit;
  return null;
}

const MOST_TEXT = 80;

function shown(value: CheckValue, unit: Unit | null): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MOST_TEXT));
  if (typeof value !== 'number') return value === null ? 'nothing' : String(value);
  if (unit === 'ms' && value >= 1) return formatExactDuration(Math.round(value));
  if (unit === 'part') return `${rounded(value * 100)}%`;
  if (unit === 'bytes') return `${rounded(value)} bytes`;
  return `${rounded(value)}${unit === 'perSecond' ? '/s' : ''}`;
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
