import * as z from 'zod';
import { callHttp, httpUrl } from '../../backends/http-call.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import { type StepWorld, stepKind } from '../step.ts';
import { argv, duration, text } from './common.ts';
import { fillIn, placeholders } from './template.ts';
import { findingsOf, resolveValue, resolveValues, valueSource } from './value.ts';

const schema = z
  .strictObject({
    text,
    url: valueSource.optional(),
    format: z.enum(['json', 'slack']).optional(),
    headers: z.record(text, valueSource).default({}),
    command: argv.optional(),
    required: z.boolean().default(false),
    timeout: duration.default(10_000),
  })
  .refine(({ url, command }) => url !== undefined || command !== undefined, 'expected url, command or both');

type NotifyParams = z.output<typeof schema>;

/** Tells somebody. That nobody hears it is no reason to stop, unless the plan says so. */
export const notify = stepKind<NotifyParams, null>({
  name: 'notify',
  schema,
  outline: (params) => ({
    does: `tell ${whom(params)}`,
    undo: 'nothing',
    repeatable: true,
    earliestMs: 0,
    timeoutMs: 2 * params.timeout + 5000,
    asks: null,
  }),
  preflight: async (params, world) => {
    const found = await findingsOf(async () => {
      if (params.url !== undefined) await urlOf(params, world);
      await resolveValues(params.headers, world, 'headers');
      return [];
    });
    return params.required ? found : found.map((one) => ({ ...one, level: 'warning' as const }));
  },
  check: async () => 'undone',
  capture: async () => null,
  apply: async (params, world) => {
    const failures: QctlError[] = [];
    for (const tell of [byUrl, byCommand])
      await tell(params, world).catch((error) => failures.push(asQctl(error, world)));
    world.signal.throwIfAborted();
    if (failures.length === 0) return { text: `told ${whom(params)}` };
    if (params.required) throw failures[0];
    const why = failures.map(({ message }) => message).join('; ');
    world.note(`nobody was told: ${why}`);
    return { text: `could not tell ${whom(params)}`, left: [why] };
  },
  rehearse: async (params, world) => ({ text: `would tell ${whom(params)}: ${textOf(params, world)}` }),
});

/** The path of such a URL is often its only secret. */
function whom({ url, command }: NotifyParams): string {
  const host = typeof url === 'string' ? (httpUrl(url)?.host ?? 'a URL') : url && 'the URL that is given';
  return [host, command && `by ${command[0]}`].filter(Boolean).join(' and ');
}

function textOf(params: NotifyParams, world: StepWorld): string {
  return world.redact(fillIn(params.text, world));
}

async function byUrl(params: NotifyParams, world: StepWorld): Promise<void> {
  if (params.url === undefined) return;
  const url = await urlOf(params, world);
  const slack = params.format === 'slack' || (params.format === undefined && url.host === 'hooks.slack.com');
  const said = textOf(params, world);
  const json = slack
    ? { text: said }
    : { ...placeholders(world), text: said, at: world.host.now().toISOString() };
  const headers = {
    'content-type': 'application/json',
    ...(await resolveValues(params.headers, world, 'headers')),
  };
  const call = {
    url: url.href,
    method: 'POST',
    headers,
    body: JSON.stringify(json),
    timeoutMs: params.timeout,
    name: url.host,
  };
  const answer = await callHttp(call, world.signal).catch((error) => {
    throw failed(params, isQctlError(error) ? error.message.slice(`${url.host}: `.length) : String(error));
  });
  if (answer.status >= 300) throw failed(params, `status ${answer.status}`);
}

async function byCommand(params: NotifyParams, world: StepWorld): Promise<void> {
  if (!params.command) return;
  const outcome = await world.command({
    argv: params.command.map((word) => world.redact(fillIn(word, world))),
    env: { ...world.host.env, ...world.variables },
    stdin: `${textOf(params, world)}\n`,
    timeoutMs: params.timeout,
  });
  if (outcome.ended !== 'ok')
    throw failed(params, `${params.command[0]} ${outcome.ended} (exit ${outcome.code ?? outcome.signal})`);
}

async function urlOf(params: NotifyParams, world: StepWorld): Promise<URL> {
  const url = httpUrl(await resolveValue(params.url!, world, 'url'));
  if (!url) throw failed(params, 'what is given is no http:// or https:// URL');
  return url;
}

function failed(params: NotifyParams, why: string): QctlError {
  return new QctlError('failed', `cannot tell ${whom(params)}: ${why}`, {
    code: 'NOTIFY_FAILED',
    hint: ['tell them yourself'],
  });
}

function asQctl(error: unknown, world: StepWorld): QctlError {
  if (isQctlError(error)) return error;
  return new QctlError('failed', world.redact(String(error)), {
    code: 'NOTIFY_FAILED',
    hint: ['tell them yourself'],
  });
}
