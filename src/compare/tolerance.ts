import { QctlError } from '../errors.ts';
import { parseDurationMs } from '../model/duration.ts';
import { distanceOf, normalDecimal } from './decimal.ts';
import { plainText, typeOf, type Value } from './json.ts';
import { meansPlace, type PathPattern, parsePath, type Step } from './path.ts';
import { timeOf, writtenTimeOf } from './times.ts';

/** By how much two values may differ: as they are, as a part of the greater one, or in time. */
interface Slack {
  kind: 'absolute' | 'relative' | 'time';
  amount: number;
}

/** Tolerances; those of a field win over those for all. A count is a time only where its field is named. */
export interface Tolerance {
  all: readonly Slack[];
  fields: readonly { pattern: PathPattern; slack: Slack }[];
}

/** Reads `0.01`, `1%`, `5s`, `score=0.01`. Throws `usage` BAD_TOLERANCE. */
export function parseTolerance(texts: readonly string[]): Tolerance {
  const all: Slack[] = [];
  const fields: { pattern: PathPattern; slack: Slack }[] = [];
  for (const text of texts) {
    const [, field, amount = ''] = /^(?:(.+)=)?([^=]+)$/s.exec(text) ?? [];
    const slack = parseSlack(amount, text);
    if (field === undefined) all.push(slack);
    else fields.push({ pattern: parsePath(field), slack });
  }
  return { all, fields };
}

function parseSlack(amount: string, text: string): Slack {
  const [, number, percent] = /^(\d+(?:\.\d+)?(?:e-?\d+)?|\.\d+)(%?)$/i.exec(amount) ?? [];
  if (number !== undefined) {
    return percent
      ? { kind: 'relative', amount: Number(number) / 100 }
      : { kind: 'absolute', amount: Number(number) };
  }
  const ms = parseDurationMs(amount);
  if (ms !== undefined) return { kind: 'time', amount: ms };
  throw new QctlError('usage', `${text} is no tolerance`, {
    code: 'BAD_TOLERANCE',
    hint: ['write 0.01, 1%, 5s for times, or score=0.01 for one field'],
    details: { tolerance: text },
  });
}

/** Whether two different scalars are near enough at this place. */
export function isNear(tolerance: Tolerance, path: readonly Step[], a: Value, b: Value): boolean {
  const own = tolerance.fields.filter(({ pattern }) => meansPlace([pattern], path));
  if (own.length > 0) return own.some(({ slack }) => isWithin(slack, a, b, timeOf));
  return tolerance.all.some((slack) => isWithin(slack, a, b, writtenTimeOf));
}

function isWithin({ kind, amount }: Slack, a: Value, b: Value, time: typeof timeOf): boolean {
  if (kind !== 'time') return areNumbersWithin(kind, amount, numberText(a), numberText(b));
  const [left, right] = [time(a), time(b)];
  return left !== null && right !== null && Math.abs(left - right) <= amount;
}

function areNumbersWithin(kind: Slack['kind'], amount: number, a: string | null, b: string | null): boolean {
  if (a === null || b === null) return false;
  const greater = Math.max(Math.abs(Number(a)), Math.abs(Number(b)));
  if (!Number.isFinite(greater)) return false;
  const most = kind === 'relative' ? amount * greater : amount;
  const apart = Math.abs(Number(a) - Number(b));
  // 1.01 - 1 is a little more than 0.01 in doubles, and two ids beyond 2^53 are nothing apart.
  const rounding = greater * Number.EPSILON * 2;
  if (Math.abs(apart - most) > rounding) return apart < most;
  return distanceOf(a, b) <= most * (1 + 2 * Number.EPSILON);
}

/** Fields of a stream's entry are text: what reads as a number is one here. */
function numberText(value: Value): string | null {
  const isText = typeOf(value) === 'number' || typeof value === 'string';
  return (isText ? normalDecimal(plainText(value)) : undefined) ?? null;
}
