import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import * as z from 'zod';
import type { HttpAnswer } from '../../backends/http-call.ts';
import { text } from './common.ts';

const status = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]\d\d-[1-5]\d\d$/)], {
  error: 'expected a status such as 200, or a range such as 200-299',
});

/** What an answer must be like, in a plan. */
export const expectation = z.strictObject({
  status: z.union([status, z.array(status).min(1)]).default('200-299'),
  body: z
    .strictObject({
      contains: text.optional(),
      matches: text.refine(isPattern, 'expected a regular expression').optional(),
      jmespath: text.refine(isJmespath, 'expected a JMESPath expression').optional(),
    })
    .optional(),
});

/** Why an answer is not what was expected, as a clause; undefined where it is. */
export function unmet(expect: z.output<typeof expectation>, answer: HttpAnswer): string | undefined {
  if (answer.elsewhere !== undefined) return `it sends to ${answer.elsewhere}, which is another host`;
  const wanted = [expect.status].flat();
  if (!wanted.some((one) => isStatus(answer.status, one)))
    return `status ${answer.status}, not ${wanted.join(', ')}`;
  const { contains, matches, jmespath } = expect.body ?? {};
  if (contains !== undefined && !answer.body.includes(contains))
    return 'the body does not contain what it should';
  if (matches !== undefined && !new RegExp(matches).test(answer.body))
    return `the body does not match ${matches}`;
  if (jmespath !== undefined && !holds(jmespath, answer.body))
    return `${jmespath} does not hold for the body`;
  return undefined;
}

function isStatus(status: number, wanted: number | string): boolean {
  const [from, to = from] = String(wanted).split('-').map(Number);
  return status >= from! && status <= to!;
}

function holds(expression: string, body: string): boolean {
  try {
    const value: unknown = TreeInterpreter.search(compile(expression), JSON.parse(body));
    return (
      value !== null &&
      value !== undefined &&
      value !== false &&
      value !== '' &&
      Object.keys(Object(value)).length !== emptyOf(value)
    );
  } catch {
    return false;
  }
}

/** Lists and objects with nothing in them count as false in JMESPath; numbers and true do not. */
function emptyOf(value: unknown): number {
  return typeof value === 'object' ? 0 : -1;
}

function isPattern(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern));
  } catch {
    return false;
  }
}

function isJmespath(expression: string): boolean {
  try {
    return Boolean(compile(expression));
  } catch {
    return false;
  }
}
