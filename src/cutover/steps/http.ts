import * as z from 'zod';
import { callHttp, type HttpCall, httpUrl } from '../../backends/http-call.ts';
import { lastLines } from '../../backends/process/index.ts';
import { redactUrl } from '../../config/redact.ts';
import { QctlError } from '../../errors.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { TAIL_BYTES } from './command.ts';
import { duration, text } from './common.ts';
import { expectation, unmet } from './http-expect.ts';
import { findingsOf, resolveValue, resolveValues, valueSource } from './value.ts';

const request = {
  url: valueSource.refine(
    (url) => typeof url === 'object' || httpUrl(String(url)) !== undefined,
    'expected a URL that begins with http:// or https://',
  ),
  method: z
    .string()
    .regex(/^[A-Za-z]+$/)
    .transform((method) => method.toUpperCase())
    .default('GET'),
  headers: z.record(text, valueSource).default({}),
  body: valueSource.optional(),
  json: z.json().optional(),
  expect: expectation.default({ status: '200-299' }),
  timeout: duration.default(30_000),
};
const one = z.strictObject(request);
const schema = z.strictObject({ ...request, undo: one.optional() });

type Request = z.output<typeof one>;
type HttpParams = z.output<typeof schema>;

/** Calls a server, and says what its answer must be. */
export const http = stepKind<HttpParams, null>({
  name: 'http',
  schema,
  outline: (params) => ({
    does: describe(params),
    undo: undoOf(params),
    repeatable: changesNothing(params),
    earliestMs: 0,
    timeoutMs: params.timeout,
    asks: null,
  }),
  preflight: (params, world) =>
    findingsOf(async () => {
      for (const each of [params, ...(params.undo ? [params.undo] : [])]) await callOf(each, world, '');
      return [];
    }),
  check: async (params) => (changesNothing(params) ? 'undone' : 'unknown'),
  capture: async () => null,
  apply: (params, world) => perform(params, world, ''),
  undo: async (params, world) => {
    if (!params.undo) return { text: 'nothing to undo' };
    if (world.rehearsal && !changesNothing(params.undo)) return { text: `would ${describe(params.undo)}` };
    return perform(params.undo, world, '/undo');
  },
  rehearse: async (params, world) =>
    changesNothing(params) ? perform(params, world, '') : { text: `would ${describe(params)}` },
});

function undoOf(params: HttpParams) {
  if (params.undo)
    return { does: describe(params.undo), order: 'plain' as const, timeoutMs: params.undo.timeout };
  return changesNothing(params) ? 'nothing' : 'missing';
}

function changesNothing({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

function describe({ method, url }: Request): string {
  return `${method} ${typeof url === 'object' ? `the URL of ${'env' in url ? url.env : url.file}` : redactUrl(String(url))}`;
}

async function perform(params: Request, world: StepWorld, suffix: string): Promise<StepResult> {
  const call = await callOf(params, world, suffix);
  if (!changesNothing(params)) await world.guard();
  const answer = await callHttp(call, world.signal);
  const why = unmet(params.expect, answer);
  // As of a command: enough that a secret is whole in it, and not a MiB to be searched.
  const tail = lastLines(world.redact(lastLines(answer.body, 4 * TAIL_BYTES)), TAIL_BYTES);
  if (why === undefined)
    return { text: `${describe(params)} answered ${answer.status}`, ...(tail === '' ? {} : { tail }) };
  throw new QctlError('failed', `${describe(params)}: ${why}`, {
    code: 'HTTP_UNEXPECTED',
    hint: ['see the end of the answer', 'put the server right, or what the plan expects of it'],
    details: { status: answer.status, tail },
  });
}

async function callOf(params: Request, world: StepWorld, suffix: string): Promise<HttpCall> {
  const { method, body, json, timeout } = params;
  const url = await resolveValue(params.url, world, 'url');
  const parsed = httpUrl(url);
  if (!parsed) throw badUrl(params);
  // A server repeats the path that it does not know, and of such a URL that may be the secret.
  if (typeof params.url === 'object') for (const part of [parsed.pathname, parsed.search]) world.hide(part);
  const headers: Record<string, string> = {
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(changesNothing(params) ? {} : { 'idempotency-key': keyOf(world, suffix) }),
    ...lowerCase(await resolveValues(params.headers, world, 'headers')),
  };
  const sent = body === undefined ? undefined : await resolveValue(body, world, 'body');
  return {
    url,
    method,
    headers,
    body: sent ?? (json === undefined ? undefined : JSON.stringify(json)),
    timeoutMs: timeout,
    name: describe(params),
  };
}

/** The same for a repetition, and for nothing else. */
function keyOf({ run, step, occasion }: StepWorld, suffix: string): string {
  return `${run}/${step}${occasion === undefined ? '' : `/${occasion}`}${suffix}`;
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function badUrl(params: Request): QctlError {
  return new QctlError('config', `${describe(params)}: what stands there is no http:// or https:// URL`, {
    code: 'HTTP_URL',
    hint: ['give the whole URL'],
  });
}
