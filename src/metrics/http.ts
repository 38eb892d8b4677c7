import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import * as z from 'zod';
import type { CheckValue } from '../checks/index.ts';
import { text } from '../config/schema.ts';
import { type Answer, ask, httpError, parseJson } from './fetching.ts';
import { httpUrl, type SecretSource, secretSource } from './fields.ts';
import { type MetricDoors, metric } from './metric.ts';
import { scalarValue, textValue } from './scalar.ts';
import { readSecret } from './secret.ts';

/** In a plan such a header would be a secret for everybody to read. */
const SECRET_HEADER = /auth|cookie|token|key|secret|password/i;

const schema = z
  .strictObject({
    url: httpUrl,
    method: z.enum(['GET', 'HEAD']).default('GET'),
    headers: z.record(z.string().regex(/^[\w-]+$/), z.union([text, secretSource])).default({}),
    measure: z.enum(['status', 'latency', 'body']).default('status'),
    jmespath: text.refine(isJmesPath, 'expected a JMESPath expression').optional(),
  })
  .refine(({ jmespath, measure }) => jmespath === undefined || measure === 'body', {
    path: ['jmespath'],
    message: 'expected measure: body beside it',
  })
  .refine(({ headers }) => Object.entries(headers).every(isHarmless), {
    path: ['headers'],
    message: 'expected { env: NAME } or { file: PATH } for a header that holds a secret',
  });

/** `http`. */
export const http = metric({
  name: 'http',
  schema,
  unit: 'any',
  description:
    '`measure`: `status`, the code; `latency`, ms until the whole answer is there; `body`, what it says, or what `jmespath` finds in its JSON. For the last two an answer that is no 2xx is an error. `headers` take a text, `{ env: NAME }` or `{ file: PATH }`',
  async measure({ url, method, headers, measure, jmespath }, measuring) {
    const init = { method, headers: await headersOf(headers, measuring.doors) };
    const answer = await ask(url, init, measuring);
    if (measure === 'status') return answer.status;
    if (!answer.ok) throw httpError(url, `it answers with status ${answer.status}`);
    return measure === 'latency' ? answer.latencyMs : bodyValue(url, answer, jmespath);
  },
});

function isJmesPath(expression: string): boolean {
  try {
    compile(expression);
    return true;
  } catch {
    return false;
  }
}

function isHarmless([name, value]: [string, unknown]): boolean {
  return typeof value !== 'string' || !SECRET_HEADER.test(name);
}

async function headersOf(
  given: Record<string, string | SecretSource>,
  doors: MetricDoors,
): Promise<Record<string, string>> {
  const read = async ([name, value]: [string, string | SecretSource]) => {
    const text = typeof value === 'string' ? value : await readSecret(value, doors, `headers.${name}`);
    return [name, text] as const;
  };
  return Object.fromEntries(await Promise.all(Object.entries(given).map(read)));
}

function bodyValue(url: string, { body }: Answer, jmespath: string | undefined): CheckValue {
  if (jmespath === undefined) return textValue(body);
  const json = parseJson(url, body);
  let found: unknown;
  try {
    found = TreeInterpreter.search(compile(jmespath), json as never);
  } catch (error) {
    throw httpError(url, `jmespath ${jmespath}: ${(error as Error).message}`);
  }
  return scalarValue(found, `jmespath ${jmespath}`);
}
