import type { Unit } from './numbers.ts';

/** Two numbers, or two of a kind for `==` and `!=`. */
export const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const;
/** See {@link COMPARISONS}. */
export type Comparison = (typeof COMPARISONS)[number];

/** Every operator between two operands. */
export type Operator = Comparison | 'and' | 'or' | '+' | '-' | '*' | '/';

/** The functions, each of one operand. */
export const FUNCTIONS = ['abs', 'isNull'] as const;
/** See {@link FUNCTIONS}. */
export type FunctionName = (typeof FUNCTIONS)[number];

/** An expression as a tree. `at` is the position in the text, from 0. */
export type Node =
  | { kind: 'number'; at: number; value: number; text: string; unit: Unit | null }
  | { kind: 'literal'; at: number; value: string | boolean | null }
  | { kind: 'name'; at: number; name: string }
  | { kind: 'not' | 'minus'; at: number; of: Node }
  | { kind: 'call'; at: number; name: FunctionName; of: Node }
  | { kind: 'binary'; at: number; operator: Operator; left: Node; right: Node };

/** How tightly it binds what stands beside it. */
const STRENGTH: Record<Operator, number> = {
  or: 1,
  and: 2,
  ...{ '<': 4, '<=': 4, '>': 4, '>=': 4, '==': 4, '!=': 4 },
  ...{ '+': 5, '-': 5, '*': 6, '/': 6 },
};
const NOT = 3;
const MINUS = 7;
const ATOM = 8;

/** As text, with no more parentheses than it needs; read again it gives the same tree. */
export function printNode(node: Node): string {
  switch (node.kind) {
    case 'number':
      return node.text;
    case 'literal':
      return typeof node.value === 'string' ? quoted(node.value) : String(node.value);
    case 'name':
      return node.name;
    case 'not':
      return `not ${inside(node.of, NOT)}`;
    case 'minus':
      return `-${inside(node.of, MINUS)}`;
    case 'call':
      return `${node.name}(${printNode(node.of)})`;
    case 'binary':
      return printBinary(node);
  }
}

function printBinary({ operator, left, right }: Node & { kind: 'binary' }): string {
  const strength = STRENGTH[operator];
  // A comparison is no operand of another one; all else is read from the left.
  const chained = (COMPARISONS as readonly string[]).includes(operator);
  return `${inside(left, chained ? strength + 1 : strength)} ${operator} ${inside(right, strength + 1)}`;
}

function inside(node: Node, least: number): string {
  const text = printNode(node);
  return strengthOf(node) < least ? `(${text})` : text;
}

function strengthOf(node: Node): number {
  if (node.kind === 'binary') return STRENGTH[node.operator];
  if (node.kind === 'not') return NOT;
  return node.kind === 'minus' ? MINUS : ATOM;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** Every node, the outermost first. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  if (node.kind === 'binary') yield* [...nodesOf(node.left), ...nodesOf(node.right)];
  else if ('of' in node) yield* nodesOf(node.of);
}
