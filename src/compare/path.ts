import { QctlError } from '../errors.ts';

/** One step down into a record. */
export type Step = string | number;
const ANY_NAME = Symbol('any name');
const ANY_INDEX = Symbol('any index');
/** Steps, of which some stand for any. */
export type PathPattern = readonly (Step | typeof ANY_NAME | typeof ANY_INDEX)[];

const PART = /\.?(?:"((?:[^"\\]|\\.)*)"|([^.[\]"*]+)|(\*))|\[(\d+|\*)\]/gy;

/** Reads `meta.timestamp`, `items[*].id`, `*.at`, `"a.b"[0]`. Throws `usage` BAD_PATH. */
export function parsePath(text: string): PathPattern {
  const steps: PathPattern[number][] = [];
  let at = 0;
  for (const [whole, quoted, name, any, index] of text.matchAll(PART)) {
    at += whole.length;
    if (quoted !== undefined) steps.push(quoted.replace(/\\(.)/gs, '$1'));
    else if (name !== undefined) steps.push(name);
    else if (any !== undefined) steps.push(ANY_NAME);
    else steps.push(index === '*' ? ANY_INDEX : Number(index));
  }
  if (at === text.length && steps.length > 0 && !text.startsWith('.')) return steps;
  throw new QctlError('usage', `${text} is no path into a record`, {
    code: 'BAD_PATH',
    hint: ['write it as meta.timestamp, items[*].id or "name.with.dots"'],
    details: { path: text },
  });
}

/** Whether one of the patterns means exactly this place. */
export function meansPlace(patterns: readonly PathPattern[], path: readonly Step[]): boolean {
  return patterns.some((pattern) => pattern.length === path.length && pattern.every(meansStep, path));
}

function meansStep(this: readonly Step[], step: PathPattern[number], at: number): boolean {
  const own = this[at]!;
  if (step === ANY_NAME) return typeof own === 'string';
  if (step === ANY_INDEX) return typeof own === 'number';
  return step === own;
}

/** `items[3].id`; as a field, which all entries of a list share, `items[*].id`. The record itself is `(record)`. */
export function formatPath(path: readonly Step[], asField = false): string {
  if (path.length === 0) return '(record)';
  return path.reduce<string>((text, step) => text + formatStep(step, text === '', asField), '');
}

function formatStep(step: Step, first: boolean, asField: boolean): string {
  if (typeof step === 'number') return asField ? '[*]' : `[${step}]`;
  const name = /^[^.[\]"*\s]+$/.test(step) ? step : JSON.stringify(step);
  return first ? name : `.${name}`;
}
