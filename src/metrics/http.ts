import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import * as z from 'zod';
import type { CheckValue } from '../checks/index.ts';
import { httpHeaders, httpUrl, type SecretSource, text } from '../config/schema.ts';
import { type Answer, ask, httpError, parseJson } from './fetching.ts';
import { type MetricDoors, metric } from './metric.ts';
import { scalarValue, textValue } from './scalar.ts';
import { readSecret } from './secret.ts';

const schema = z
  .strictObject({
    url: httpUrl,
    method: z.enum(['GET', 'HEAD']).default('GET'),
    headers: httpHeaders.default({}),
    measure: z.enum(['status', 'latency', 'body']).default('status'),
    jmespath: text.refine(isJmesPath, 'expected a JMESPath expression').optional(),
  })
  .refine(({ jmespath, measure }) => jmespath === undefined || measure === 'body', {
    path: ['jmespath'],
    message: 'expected measure: body beside it',
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
    if (!answer.ok)
      throw httpError(url, `it answers with status ${answer.status}`, 'measure: status judges the code');
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
    throw httpError(
      url,
      `jmespath ${jmespath}: ${(error as Error).message}`,
      'try it on what the URL answers',
    );
  }
  return scalarValue(found, `jmespath ${jmespath}`);
}
