import { findSimilar } from '../config/similar.ts';

/** A text with places to fill in, read once. */
export interface Template {
  text: string;
  /** Texts as they stand, and names of what is put in between. */
  parts: readonly (string | { name: string })[];
}

/** What is wrong with a template, as a clause, and what to do. */
export interface TemplateProblem {
  problem: string;
  hint?: string;
}

/** What every message knows; `with.NAME` stands beside these. */
export const PLACEHOLDERS = [
  'value',
  'baseline',
  'rule',
  'metric',
  'severity',
  'state',
  'why',
  'since',
  'lasted',
  'host',
  'profile',
] as const;

const NAME = /^[A-Za-z][\w.-]*$/;

/**
 * Reads `{{name}}` in a text. What is put in is never read again, and nothing is evaluated.
 *
 * @param known every name that may stand there
 */
export function parseTemplate(text: string, known: readonly string[]): Template | TemplateProblem {
  const parts: (string | { name: string })[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('{{', at);
    if (open < 0) break;
    const close = text.indexOf('}}', open + 2);
    if (close < 0) return { problem: `{{ in column ${open + 1} is not closed`, hint: 'close it with }}' };
    const name = text.slice(open + 2, close).trim();
    const problem = problemOf(name, known);
    if (problem) return problem;
    if (open > at) parts.push(text.slice(at, open));
    parts.push({ name });
    at = close + 2;
  }
  if (at < text.length) parts.push(text.slice(at));
  return { text, parts };
}

function problemOf(name: string, known: readonly string[]): TemplateProblem | undefined {
  if (known.includes(name)) return undefined;
  if (!NAME.test(name))
    return { problem: `{{${name}}} is no name`, hint: 'templates are filled in, not evaluated' };
  const similar = findSimilar(name, known);
  const hint = similar ? `did you mean {{${similar}}}?` : `known are ${known.join(', ')}`;
  return { problem: `placeholder {{${name}}} is not known`, hint };
}

/** True for what {@link parseTemplate} could not read. */
export function isProblem(read: Template | TemplateProblem): read is TemplateProblem {
  return 'problem' in read;
}

/** Puts the values in; what there is none of is `?`. */
export function fillTemplate(template: Template, values: Readonly<Record<string, unknown>>): string {
  return template.parts.map((part) => (typeof part === 'string' ? part : shown(values, part.name))).join('');
}

function shown(values: Readonly<Record<string, unknown>>, name: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined || value === null) return '?';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The value itself where a template is nothing but one placeholder, so that a number stays one; else text. */
export function fillValue(template: Template, values: Readonly<Record<string, unknown>>): unknown {
  const [only] = template.parts;
  if (template.parts.length !== 1 || typeof only !== 'object') return fillTemplate(template, values);
  return Object.hasOwn(values, only.name) ? (values[only.name] ?? null) : null;
}
