import {
  fillValue,
  isProblem,
  PLACEHOLDERS,
  parseTemplate,
  type Template,
  type TemplateProblem,
} from './template.ts';

/** What a body of one's own may have besides: it is of every rule, so that it has no `with`. */
export const BODY_PLACEHOLDERS = [...PLACEHOLDERS, 'summary', 'description', 'id', 'incident', 'at'];

/** Where something in a body cannot be read. */
export interface BodyProblem extends TemplateProblem {
  path: (string | number)[];
}

/** The first problem of each text in a body. */
export function bodyProblems(body: unknown, path: (string | number)[] = []): BodyProblem[] {
  if (typeof body === 'string') {
    const read = parseTemplate(body, BODY_PLACEHOLDERS);
    return isProblem(read) ? [{ ...read, path }] : [];
  }
  return entriesOf(body).flatMap(([key, value]) => bodyProblems(value, [...path, key]));
}

/** The texts of a body, read. */
export function bodyTemplates(body: unknown, into = new Map<string, Template>()): Map<string, Template> {
  if (typeof body === 'string') {
    const read = parseTemplate(body, BODY_PLACEHOLDERS);
    if (!isProblem(read)) into.set(body, read);
  }
  for (const [, value] of entriesOf(body)) bodyTemplates(value, into);
  return into;
}

/** A body with its values put in: JSON whatever they hold, since they are put into texts and not into JSON. */
export function fillBody(
  body: unknown,
  templates: ReadonlyMap<string, Template>,
  values: Readonly<Record<string, unknown>>,
): unknown {
  if (typeof body === 'string') {
    const template = templates.get(body);
    return template ? fillValue(template, values) : body;
  }
  if (Array.isArray(body)) return body.map((one) => fillBody(one, templates, values));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(entriesOf(body).map(([key, one]) => [key, fillBody(one, templates, values)]));
}

function entriesOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((one, at) => [at, one]);
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
