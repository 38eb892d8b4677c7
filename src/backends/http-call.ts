import { QctlError } from '../errors.ts';
import { eitherSignal } from '../model/either-signal.ts';
import { explainNetwork, plainCause } from './network.ts';
import { redirectOf } from './redirect.ts';

const MOST_BYTES = 1024 * 1024;
const MOST_REDIRECTS = 5;

/** A request, with every value put in. */
export interface HttpCall {
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: string | undefined;
  timeoutMs: number;
  /** What errors call it, without a secret: the URL itself may be one. */
  name: string;
  /** False: not to the same host either. Default true. */
  redirects?: boolean;
}

/** What came back. */
export interface HttpAnswer {
  status: number;
  /** The first MiB. */
  body: string;
  /** Another host, to which the server sends the caller, who does not go there. */
  elsewhere?: string;
  /** When to come again, as the server has it: seconds, or a date. */
  retryAfter?: string;
}

/**
 * One request. A redirect is followed on the same host, and where nothing is sent again that may be done
 * once only; a credential is for one host.
 *
 * @throws QctlError `failed` HTTP_UNREACHABLE or HTTP_TIMEOUT; the signal's reason
 */
export async function callHttp(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  const late = AbortSignal.timeout(call.timeoutMs);
  const either = eitherSignal(signal, late);
  try {
    return await follow(call, either.signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw late.aborted ? tooLate(call) : unreachable(call, cause);
  } finally {
    either.dispose();
  }
}

/** A URL that a server can be asked at; undefined for any other text. */
export function httpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

async function follow(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  let at = new URL(call.url);
  for (let hops = 0; ; hops++) {
    const response = await fetch(...request(at, call, signal));
    const next = redirectOf(response, at);
    if (!next) return answerOf(response);
    await response.body?.cancel();
    if (!next.sameHost) return { status: response.status, body: '', elsewhere: next.to.origin };
    const safe = /^(GET|HEAD)$/.test(call.method) || /^30[78]$/.test(String(response.status));
    if (!safe || call.redirects === false || hops === MOST_REDIRECTS)
      return { status: response.status, body: '' };
    at = next.to;
  }
}

async function answerOf(response: Response): Promise<HttpAnswer> {
  const retryAfter = response.headers.get('retry-after');
  const body = await firstOf(response);
  return { status: response.status, body, ...(retryAfter !== null && { retryAfter }) };
}

/** A URL with a login in it is none for `fetch`. */
function request(at: URL, { method, headers, body }: HttpCall, signal: AbortSignal): [URL, RequestInit] {
  const bare = new URL(at);
  const login = at.username === '' && at.password === '' ? undefined : `${at.username}:${at.password}`;
  bare.username = '';
  bare.password = '';
  const basic: Record<string, string> =
    login === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(decodeURIComponent(login)).toString('base64')}` };
  return [
    bare,
    {
      method,
      headers: { ...basic, ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
      redirect: 'manual',
    },
  ];
}

async function firstOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop ends the answer.
    if (bytes >= MOST_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_BYTES).toString();
}

function tooLate(call: HttpCall): QctlError {
  return new QctlError('failed', `${call.name}: no answer within ${call.timeoutMs} ms`, {
    code: 'HTTP_TIMEOUT',
    hint: ['look whether the server is up, or raise the timeout'],
  });
}

function unreachable(call: HttpCall, cause: unknown): QctlError {
  const known = explainNetwork(cause);
  const inner = plainCause((cause as Error).cause ?? cause);
  return new QctlError('failed', `${call.name}: ${known?.why ?? inner.message}`, {
    code: 'HTTP_UNREACHABLE',
    hint: known?.hint ?? ['check the URL, and that the server is up'],
    cause: inner,
  });
}
