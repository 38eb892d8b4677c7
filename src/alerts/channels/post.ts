import { callHttp, type HttpAnswer, httpUrl } from '../../backends/http-call.ts';
import { hideSecrets, redactText } from '../../config/redact.ts';
import type { SecretSource } from '../../config/schema.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import { shorten } from '../../model/shorten.ts';
import { readSecret, SendFailed, type SendWorld } from '../secrets.ts';

/** A hook as it is configured. */
export interface Hook {
  name: string;
  url?: string | SecretSource;
  urlFile?: string;
  timeout: number;
}

const MOST_ANSWER = 120;
const LONGEST_WAIT_MS = 3_600_000;

/** The URL of a hook. Throws `config` where there is none. */
export async function urlOf(hook: Hook, world: SendWorld): Promise<URL> {
  const { url, urlFile } = hook;
  const field = `alerts.channels.${hook.name}.${urlFile === undefined ? 'url' : 'urlFile'}`;
  const text = typeof url === 'string' ? url : await readSecret(url ?? { file: urlFile! }, world, field);
  const parsed = httpUrl(text.trim());
  if (parsed) return parsed;
  throw new QctlError('config', `${field}: what is given is no http:// or https:// URL`, {
    code: 'ALERT_URL',
    hint: ['give the whole URL, and nothing else'],
  });
}

/**
 * Sends JSON to a hook, once. No redirect is followed: what is sent may hold a secret, and so may the URL. Throws
 * {@link SendFailed} where it is not accepted, with what the receiver said as far as that is no secret.
 */
export async function post(
  hook: Hook,
  url: URL,
  headers: Record<string, string>,
  body: string,
  { signal }: SendWorld,
  secrets: readonly string[] = [],
): Promise<void> {
  const call = {
    url: url.href,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'qctl', ...headers },
    body,
    timeoutMs: hook.timeout,
    name: url.host,
    redirects: false,
  };
  const answer = await callHttp(call, signal).catch((error) => {
    signal.throwIfAborted();
    if (!isQctlError(error))
      throw new SendFailed(hook.name, 'the request cannot be made', ['check its headers']);
    throw new SendFailed(hook.name, error.message, error.hint);
  });
  if (answer.status >= 200 && answer.status < 300) return;
  throw refused(hook, url, answer, secrets);
}

function refused(hook: Hook, url: URL, answer: HttpAnswer, secrets: readonly string[]): SendFailed {
  const { status, body, retryAfter, elsewhere } = answer;
  if (status >= 300 && status < 400) {
    const to = elsewhere === undefined ? '' : ` to ${elsewhere}`;
    return new SendFailed(hook.name, `${url.host}: it sends elsewhere${to} (status ${status})`, [
      'give the URL that it sends to, if that is meant',
    ]);
  }
  const hidden = hideSecrets(body, [...secretsOf(url), ...secrets]);
  const said = shorten(redactText(hidden).replace(/\s+/g, ' ').trim(), MOST_ANSWER);
  const why = `${url.host}: status ${status}${said && ` (${said})`}`;
  return new SendFailed(hook.name, why, [hintOf(status)], waitOf(retryAfter));
}

/** A receiver that repeats the path it does not know repeats the secret. */
function secretsOf({ href, pathname, search }: URL): string[] {
  const parts = pathname.split('/').filter((part) => part.length >= 6);
  return [href, pathname, search, ...parts].filter((part) => part.length > 1);
}

function hintOf(status: number): string {
  if (status === 401 || status === 403) return 'check its secret: the receiver does not accept it';
  if (status === 404 || status === 410) return 'check its URL: the receiver does not know it (any more)';
  if (status === 429) return 'too many messages: it is tried again later';
  return status >= 500 ? 'look into the log of the receiver' : 'see what the receiver expects';
}

/** Seconds, or a date. */
function waitOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_WAIT_MS) : undefined;
}
