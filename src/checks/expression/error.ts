import { QctlError } from '../../errors.ts';

/**
 * What is wrong with an expression, and where.
 *
 * @param at position in the text, from 0
 */
export function expressionError(text: string, at: number, problem: string, hint?: string): QctlError {
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return new QctlError('config', `${JSON.stringify(shown)}, column ${at + 1}: ${problem}`, {
    code: 'BAD_EXPRESSION',
    hint: [hint ?? "an expression is such as value < 1000, value <= baseline * 1.2 or value == 'closed'"],
    details: { column: at + 1, problem },
  });
}

const MOST_SHOWN = 80;
