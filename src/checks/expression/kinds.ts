import { expressionError } from './error.ts';
import { COMPARISONS, type Node } from './tree.ts';

/** What a part of an expression gives; `any`: only the measurement tells. */
type Kind = 'number' | 'text' | 'truth' | 'null' | 'any';

const SHOWN: Record<Kind, string> = {
  number: 'a number',
  text: 'a text',
  truth: 'something true or false',
  null: 'null',
  any: 'anything',
};

/** Throws where an expression could never hold, because it adds texts, or is no comparison at all. */
export function checkKinds(text: string, node: Node): void {
  requireKind(text, node, 'truth');
}

function requireKind(text: string, node: Node, wanted: Kind): void {
  const found = kindOf(text, node);
  if (found === wanted || found === 'any') return;
  const hint = wanted === 'truth' ? `compare it: ${example(node)}` : undefined;
  throw expressionError(text, node.at, `expected ${SHOWN[wanted]}, got ${SHOWN[found]}`, hint);
}

function example(node: Node): string {
  return node.kind === 'number' ? `value < ${node.text}` : 'value < 1000';
}

function kindOf(text: string, node: Node): Kind {
  switch (node.kind) {
    case 'number':
      return 'number';
    case 'name':
      return 'any';
    case 'literal':
      if (node.value === null) return 'null';
      return typeof node.value === 'string' ? 'text' : 'truth';
    case 'not':
      requireKind(text, node.of, 'truth');
      return 'truth';
    case 'minus':
      requireKind(text, node.of, 'number');
      return 'number';
    case 'call':
      if (node.name === 'abs') requireKind(text, node.of, 'number');
      else kindOf(text, node.of);
      return node.name === 'abs' ? 'number' : 'truth';
    case 'binary':
      return kindOfBinary(text, node);
  }
}

function kindOfBinary(text: string, { at, operator, left, right }: Node & { kind: 'binary' }): Kind {
  if (operator === '==' || operator === '!=') {
    const [a, b] = [kindOf(text, left), kindOf(text, right)];
    if (a === b || [a, b].some((kind) => kind === 'any' || kind === 'null')) return 'truth';
    throw expressionError(text, at, `${SHOWN[a]} is never equal to ${SHOWN[b]}`);
  }
  const operands = operator === 'and' || operator === 'or' ? 'truth' : 'number';
  requireKind(text, left, operands);
  requireKind(text, right, operands);
  return operands === 'truth' || (COMPARISONS as readonly string[]).includes(operator) ? 'truth' : 'number';
}
