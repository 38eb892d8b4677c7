import {
  COMPARISONS,
  type Comparison,
  type Expression,
  expressionError,
  type Node,
  nodesOf,
  parseExpression,
  type Token,
  tokensOf,
} from '../../checks/index.ts';
import { findSimilar } from '../../config/similar.ts';
import { MEASURES } from '../measures.ts';
import { type MeasureUnit, traitsOf } from './kinds.ts';

/** A bound on how much a measure may change: `p99 > +10%`, `rate < -50/s`. */
export interface ChangeCondition {
  kind: 'change';
  text: string;
  measure: string;
  comparison: Exclude<Comparison, '==' | '!='>;
  /** Signed; of the base where it is `relative`, else in the unit of the measure. */
  bound: number;
  relative: boolean;
}

/** A condition that only the candidate is asked for: `lost > 0`. */
export interface PlainCondition {
  kind: 'plain';
  text: string;
  expression: Expression;
}

/** What makes a comparison fail where it holds. */
export type FailCondition = ChangeCondition | PlainCondition;

/**
 * Reads a condition. A number with a sign is a change against the base, all else is asked of the candidate alone.
 *
 * @throws QctlError `config` BAD_EXPRESSION that names the column, and what to write instead
 */
export function parseCondition(text: string): FailCondition {
  const tokens = tokensOf(text);
  const sign = tokens.findIndex(
    (token, at) => isSign(token) && isComparison(tokens[at - 1]) && tokens[at + 1]?.kind === 'number',
  );
  if (sign < 0) return parsePlain(text);
  return parseChange(text, tokens, sign);
}

/** Whether so much of a change is beyond the bound. */
export function isBeyond({ comparison, bound }: ChangeCondition, change: number): boolean {
  switch (comparison) {
    case '<':
      return change < bound;
    case '<=':
      return change <= bound;
    case '>':
      return change > bound;
    case '>=':
      return change >= bound;
  }
}

function isSign(token: Token): boolean {
  return token.kind === 'sign' && (token.text === '+' || token.text === '-');
}

function isComparison(token: Token | undefined): boolean {
  return token?.kind === 'sign' && (COMPARISONS as readonly string[]).includes(token.text);
}

function parsePlain(text: string): PlainCondition {
  const expression = parseExpression(text, MEASURES);
  for (const node of nodesOf(expression.tree)) refusePercentage(text, node);
  return { kind: 'plain', text, expression };
}

/** `p99 > 10%` would ask for a hundredth of a microsecond, and was meant as a change. */
function refusePercentage(text: string, node: Node): void {
  if (node.kind !== 'binary' || !(COMPARISONS as readonly string[]).includes(node.operator)) return;
  for (const [name, number] of [
    [node.left, node.right],
    [node.right, node.left],
  ] as const) {
    if (name.kind !== 'name' || number.kind !== 'number' || number.unit !== 'part') continue;
    const sign = node.operator.startsWith('<') ? '-' : '+';
    const instead = `${name.name} ${sign === '-' ? '<' : '>'} ${sign}${number.text}`;
    throw expressionError(
      text,
      number.at,
      `${number.text} of what is not said`,
      `write ${sign}${number.text} for a change: ${instead}`,
    );
  }
}

function parseChange(text: string, tokens: readonly Token[], sign: number): ChangeCondition {
  const [name, comparison, , number, end] = tokens;
  if (sign !== 2 || name?.kind !== 'word' || end?.kind !== 'end' || number?.kind !== 'number') {
    const hint = 'one measure and one change each: p99 > +10%; give --fail-on again for another one';
    throw expressionError(text, tokens[sign]!.at, 'a change stands in a condition of its own', hint);
  }
  refuseUnknown(text, name);
  if (comparison!.text === '==' || comparison!.text === '!=') {
    throw expressionError(
      text,
      comparison!.at,
      'a change is compared with <, <=, > or >=',
      `${name.text} > +10%`,
    );
  }
  refuseUnit(text, name.text, number);
  const condition: ChangeCondition = {
    kind: 'change',
    text,
    measure: name.text,
    comparison: comparison!.text as ChangeCondition['comparison'],
    bound: tokens[sign]!.text === '-' ? -number.value : number.value,
    relative: number.unit === 'part',
  };
  if (isBeyond(condition, 0)) throw inverted(condition, tokens[sign]!, number);
  return condition;
}

function refuseUnknown(text: string, { at, text: name }: Token): void {
  if (MEASURES.includes(name)) return;
  const similar = findSimilar(name, MEASURES);
  const hint = similar
    ? `did you mean ${similar}?`
    : 'measures are such as p99, enqueue.p50, rate, lost and lag';
  throw expressionError(text, at, `${name} is no measure`, hint);
}

const UNITS: Record<MeasureUnit, { own: string | null; example: string }> = {
  ms: { own: 'ms', example: '+5ms' },
  perSecond: { own: 'perSecond', example: '-100/s' },
  bytes: { own: 'bytes', example: '+50MB' },
  cores: { own: null, example: '+0.5' },
  count: { own: null, example: '+100' },
};

function refuseUnit(text: string, measure: string, number: Token & { kind: 'number' }): void {
  const { own, example } = UNITS[traitsOf(measure).unit];
  if (number.unit === null || number.unit === 'part' || number.unit === own) return;
  const hint = `a change of ${measure} is such as ${example} or +10%`;
  throw expressionError(text, number.at, `${measure} has no such unit as ${number.text}`, hint);
}

/** It holds where nothing has changed at all. */
function inverted(condition: ChangeCondition, sign: Token, number: Token): Error {
  const { text, measure, comparison } = condition;
  const up = `${measure} > +${number.text}`;
  const down = `${measure} < -${number.text}`;
  const hint = comparison.startsWith('>')
    ? `more than that is ${up}, less ${down}`
    : `less than that is ${down}, more ${up}`;
  return expressionError(text, sign.at, 'it would fail where both sides are the same', hint);
}
