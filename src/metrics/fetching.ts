import { explainNetwork, plainCause } from '../backends/network.ts';
import { redirectOf } from '../backends/redirect.ts';
import { redactText, redactUrl } from '../config/redact.ts';
import { type Hints, QctlError } from '../errors.ts';
import type { Measuring } from './metric.ts';

/** What a server has answered, and how long all of it took. */
export interface Answer {
  status: number;
  ok: boolean;
  body: string;
  latencyMs: number;
}

const MOST_BYTES = 1024 * 1024;
const MOST_REDIRECTS = 5;

/**
 * Asks and reads the whole body. Redirects are followed on the same host alone: headers may hold a secret, and the
 * page of a login says nothing of what was asked. Throws `failed` with a URL without secrets where no answer came.
 */
export async function ask(
  url: string,
  init: { method: string; headers: Record<string, string> },
  { doors, signal }: Measuring,
): Promise<Answer> {
  const from = performance.now();
  try {
    const response = await follow(doors.fetch ?? fetch, url, { ...init, signal });
    const body = await readBody(response, url);
    return { status: response.status, ok: response.ok, body, latencyMs: performance.now() - from };
  } catch (error) {
    throw noAnswer(url, error);
  }
}

async function follow(get: typeof fetch, url: string, init: RequestInit): Promise<Response> {
  let at = url;
  for (let hops = 0; ; hops += 1) {
    const response = await get(at, { ...init, redirect: 'manual' });
    const next = redirectOf(response, new URL(at));
    if (!next?.sameHost || hops === MOST_REDIRECTS) return response;
    await response.body?.cancel();
    at = next.to.href;
  }
}

async function readBody({ body }: Response, url: string): Promise<string> {
  if (!body) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > MOST_BYTES) throw httpError(url, 'its answer is longer than 1 MiB', 'ask for less');
  }
  return Buffer.concat(chunks).toString('utf8');
}

function noAnswer(url: string, error: unknown): QctlError {
  if (error instanceof QctlError) return error;
  const explained = explainNetwork(error);
  const cause = plainCause(error);
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause.message : cause.message;
  return httpError(url, explained?.why ?? redactText(inner), ...(explained?.hint ?? ['check the URL']));
}

/** What is wrong with an answer. */
export function httpError(url: string, why: string, ...hint: Hints): QctlError {
  return new QctlError('failed', `${redactUrl(url)}: ${why}`, { code: 'METRIC_HTTP_FAILED', hint });
}

/** The body as JSON. */
export function parseJson(url: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw httpError(url, 'its answer is no JSON', 'check that it is the right address');
  }
}
