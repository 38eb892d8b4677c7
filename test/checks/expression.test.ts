import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Node, printNode } from '../../src/checks/expression/tree.ts';
import { type Expression, explain, holdsFor, parseExpression } from '../../src/checks/index.ts';
import { isQctlError } from '../../src/errors.ts';

const holds = (text: string, value: unknown, baseline: number | null = null) =>
  holdsFor(parseExpression(text), value as never, baseline);

test.each([
  ['value < 1000', 999, true],
  ['value < 1000', 1000, false],
  ['value <= 1000', 1000, true],
  ['value > -5', -4, true],
  ['value >= 10 and value <= 20', 20, true],
  ['value >= 10 and value <= 20', 21, false],
  ["value == 'closed'", 'closed', true],
  ['value == "closed"', 'open', false],
  ["value != 'open'", 'closed', true],
  ["value == 'it\\'s'", "it's", true],
  ['value == true', true, true],
  ['value', true, true],
  ['not value', true, false],
  ['not value < 5 or value == 1', 1, true],
  ['value < 1 or value > 2 and value < 4', 3, true],
  ['(value < 1 or value > 2) and value < 0', 3, false],
  ['abs(value - 10) < 3', 8, true],
  ['2 + 3 * 4 == value', 14, true],
  ['20 - 5 - 5 == value', 10, true],
  ['100 / 10 / 2 == value', 5, true],
  ['-(value) == 3', -3, true],
  ['value < 10ms', 9.5, true],
  ['value < 2s', 2000, false],
  ['value <= 1h30m', 5_400_000, true],
  ['value < 20%', 0.19, true],
  ['value >= 1MB', 1_048_576, true],
  ['value >= 1.5KiB', 1536, true],
  ['value >= 1000/s', 1000, true],
  ['value >= 60/min', 0.9, false],
  ['value < 1.5e3', 1499, true],
  ['isNull(value)', null, true],
  ['isNull(value) or value > 3', 2, false],
  ['value == null', null, true],
  ['value != null', 0, true],
])('%s, measured %j: %s', (text, value, expected) => {
  expect(holds(text, value)).toBe(expected);
});

test('a baseline counts by its own value', () => {
  expect(holds('value < baseline * 1.2', 119, 100)).toBe(true);
  expect(holds('value < baseline * 120%', 121, 100)).toBe(false);
});

test.each([
  ['value < 1000', null],
  ['value < 1000', Number.NaN],
  ['value < 1000', 'many'],
  ['value < baseline', 5],
  ["value == 'closed'", 5],
  ['value / 0 < 1', 5],
  ['not value < 3', null],
  ['value > 1 and baseline > 1', 5],
  ['value > 9 or baseline > 1', 5],
  ['value', 5],
])('%s, measured %j, is not known', (text, value) => {
  expect(holds(text, value)).toBeNull();
});

test('what settles it makes the unknown of no matter', () => {
  expect(holds('value > 9 and baseline > 1', 5)).toBe(false);
  expect(holds('baseline > 1 or value < 9', 5)).toBe(true);
});

test('other names are known where they are listed', () => {
  const expression = parseExpression('p99 < 10ms and rate >= 1000/s', ['p99', 'rate']);
  expect(expression.names).toEqual(new Set(['p99', 'rate']));
  expect(expression.holds({ p99: 9, rate: 1200 })).toBe(true);
  expect(expression.holds({ p99: 9 })).toBeNull();
});

test.each([
  ['', 1, 'it ends', 'such as value < 1000'],
  ['vlaue < 1000', 1, 'expected value, baseline, abs or isNull, got vlaue', 'did you mean value?'],
  ['value < 1000 annd value > 1', 14, 'expected and, or or the end, got annd', 'did you mean and?'],
  ['value < 1000 && value > 1', 14, '&& is not known', 'write and'],
  ['value = 5', 7, '= is not known', 'write =='],
  ['!value', 1, '! is not known', 'write not'],
  ['value == closed', 10, 'got closed', "in quotes: 'closed'"],
  ['value <', 8, 'expected a name, a number or a text, it ends', ''],
  ['(value < 5', 11, 'expected ) or an operator, it ends', ''],
  ['10 < value < 20', 12, 'one comparison cannot follow another', 'value >= 10 and value <= 20'],
  ['value < 10x', 9, '10x is no number', '1h30m'],
  ['value < 5 M', 11, 'expected and, or or the end, got M', ''],
  ["value == 'open", 10, 'does not end', ''],
  ['value < "a"', 9, 'expected a number, got a text', ''],
  ['true == 1', 6, 'never equal', ''],
  ['1000', 1, 'expected something true or false, got a number', 'compare it: value < 1000'],
  ['value + 1', 7, 'expected something true or false, got a number', ''],
  ['value < 5; exit', 10, '";" can be no part', ''],
  ['constructor == 1', 1, 'got constructor', ''],
  [`value < 1e${'9'.repeat(5)}`, 9, 'is no number', ''],
])('%j is refused at column %i: %s', (text, column, problem, hint) => {
  const error = refusal(text);
  expect(error.details.column).toBe(column);
  expect(error.message).toContain(`column ${column}: `);
  expect(error.message).toContain(problem);
  expect(error.hint.join('\n')).toContain(hint);
});

function refusal(text: string) {
  try {
    parseExpression(text);
  } catch (error) {
    if (isQctlError(error)) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

test('no text, however deep or long, ends in anything but the error that says where', () => {
  for (const text of ['('.repeat(900), 'not '.repeat(240), '-'.repeat(999), 'value < 1 and '.repeat(9000)]) {
    expect(refusal(text).code).toBe('BAD_EXPRESSION');
  }
  const piece = fc.constantFrom(
    ...[
      'value',
      'baseline',
      '<',
      '==',
      'and',
      'or',
      'not',
      '(',
      ')',
      '-',
      '*',
      '10ms',
      '5',
      "'a'",
      '\\',
      'abs(',
    ],
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary-ascii' }),
    fc.array(piece).map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(texts, fc.oneof(fc.integer(), fc.string(), fc.constant(null)), (text, value) => {
      let expression: Expression;
      try {
        expression = parseExpression(text);
      } catch (error) {
        expect(error).toMatchObject({ name: 'QctlError', code: 'BAD_EXPRESSION' });
        return;
      }
      expect([true, false, null]).toContain(holdsFor(expression, value, 1));
    }),
    { numRuns: 200 },
  );
});

const number: fc.Arbitrary<Node> = fc
  .tuple(fc.nat(99), fc.constantFrom('', 'ms', 's', '%', 'KB', '/s'))
  .map(([digits, unit]) => ({ kind: 'number', at: 0, value: 0, text: `${digits}${unit}`, unit: null }));
const name: fc.Arbitrary<Node> = fc.constantFrom(
  { kind: 'name', at: 0, name: 'value' },
  { kind: 'name', at: 0, name: 'baseline' },
);
const text: fc.Arbitrary<Node> = fc
  .string({ maxLength: 4 })
  .map((value) => ({ kind: 'literal', at: 0, value }));

const { condition } = fc.letrec<{ sum: Node; condition: Node }>((tie) => ({
  sum: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'e' },
    number,
    name,
    tie('sum').map((of): Node => ({ kind: 'minus', at: 0, of })),
    tie('sum').map((of): Node => ({ kind: 'call', at: 0, name: 'abs', of })),
    binary(['+', '-', '*', '/'], tie('sum')),
  ),
  condition: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'e' },
    binary(['<', '<=', '>', '>=', '==', '!='], tie('sum')),
    fc
      .tuple(name, text)
      .map(([left, right]): Node => ({ kind: 'binary', at: 0, operator: '==', left, right })),
    tie('condition').map((of): Node => ({ kind: 'not', at: 0, of })),
    tie('sum').map((of): Node => ({ kind: 'call', at: 0, name: 'isNull', of })),
    binary(['and', 'or'], tie('condition')),
  ),
}));

function binary(operators: string[], operand: fc.Arbitrary<Node>): fc.Arbitrary<Node> {
  return fc
    .tuple(fc.constantFrom(...operators), operand, operand)
    .map(([operator, left, right]) => ({ kind: 'binary', at: 0, operator, left, right }) as Node);
}

/** What tells one tree from another. */
function shape(node: Node): unknown {
  if (node.kind === 'binary') return [node.operator, shape(node.left), shape(node.right)];
  if ('of' in node) return [node.kind === 'call' ? node.name : node.kind, shape(node.of)];
  return node.kind === 'number' ? node.text : [node.kind, 'name' in node ? node.name : node.value];
}

test('what is printed reads as the same tree, without a parenthesis more than it needs', () => {
  fc.assert(
    fc.property(condition, (tree) => {
      const printed = printNode(tree);
      fc.pre(printed.length <= 1000);
      const read = parseExpression(printed);
      expect(shape(read.tree)).toEqual(shape(tree));
      expect(String(read)).toBe(printed);
    }),
    { numRuns: 200 },
  );
  expect(String(parseExpression('((value) < (5)) and (not (value == (1 - (2 - 3))))'))).toBe(
    'value < 5 and not value == 1 - (2 - 3)',
  );
});

/** The same by another road: what JavaScript makes of it, for numbers that are all known. */
function oracle(node: Node, scope: Record<string, number>): unknown {
  return new Function(...Object.keys(scope), `return ${javascript(node)}`)(...Object.values(scope));
}

function javascript(node: Node): string {
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'literal':
      return JSON.stringify(node.value);
    case 'name':
      return node.name;
    case 'not':
      return `!(${javascript(node.of)})`;
    case 'minus':
      return `-(${javascript(node.of)})`;
    case 'call':
      return node.name === 'abs' ? `Math.abs(${javascript(node.of)})` : 'false';
    case 'binary': {
      const operators: Record<string, string> = { and: '&&', or: '||', '==': '===', '!=': '!==' };
      const sign = operators[node.operator] ?? node.operator;
      return `((${javascript(node.left)}) ${sign} (${javascript(node.right)}))`;
    }
  }
}

function mayBeUnknown(printed: string): boolean {
  return /[/'%]|KB/.test(printed);
}

test('it says what JavaScript says of numbers that are known', () => {
  fc.assert(
    fc.property(condition, fc.integer({ min: -99, max: 99 }), fc.nat(99), (tree, value, baseline) => {
      const printed = printNode(tree);
      // Divisions by 0 and texts are unknown here, and something else there.
      fc.pre(printed.length <= 1000 && !mayBeUnknown(printed));
      const read = parseExpression(printed);
      expect(holdsFor(read, value, baseline)).toBe(oracle(read.tree, { value, baseline }));
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['value < 1000', 1204, null, '1204 is not < 1000'],
  ['value < 1000', 12, null, '12 is < 1000'],
  ['value < 2s', 2500, null, '2s500ms is not < 2s'],
  ['value < 80%', 0.8123, null, '81.23% is not < 80%'],
  ['value < baseline * 1.2', 130, 100, '130 is not < baseline * 1.2 (baseline 100)'],
  ['value < baseline * 1.2', 130, null, '130 cannot be compared: < baseline * 1.2 (baseline unknown)'],
  ["value == 'closed'", 'open', null, `"open" is not 'closed'`],
  ['value > 1 and value < 5', 7, null, 'value > 1 and value < 5 does not hold for 7'],
])('why: %s, measured %j', (written, value, baseline, why) => {
  const expression = parseExpression(written);
  expect(explain(expression, value, baseline, holdsFor(expression, value, baseline))).toBe(why);
});
