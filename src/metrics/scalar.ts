import type { CheckValue } from '../checks/index.ts';
import { QctlError } from '../errors.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A text as a value: a number where it is one, null where it is empty. */
export function textValue(text: string): CheckValue {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return NUMBER.test(trimmed) ? Number(trimmed) : trimmed;
}

/** What JSON or a database gives, as a value. Throws where it is more than one. */
export function scalarValue(value: unknown, what: string): CheckValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return textValue(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  const got = Array.isArray(value) ? 'a list' : value instanceof Date ? 'a time' : 'a mapping';
  throw noScalar(`${what} gives ${got}`);
}

/** The error for what is measured and is no single value. */
export function noScalar(message: string): QctlError {
  return new QctlError('config', message, {
    code: 'METRIC_NO_VALUE',
    hint: ['a metric is one number, one text, or true or false'],
  });
}
