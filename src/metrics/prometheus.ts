import * as z from 'zod';
import type { CheckValue } from '../checks/index.ts';
import { redactText } from '../config/redact.ts';
import { httpUrl, secretSource, text } from '../config/schema.ts';
import { type Answer, ask, httpError, parseJson } from './fetching.ts';
import { metric } from './metric.ts';
import { readSecret } from './secret.ts';

/** `prometheus`. */
export const prometheus = metric({
  name: 'prometheus',
  schema: z.strictObject({ url: httpUrl, query: text, token: secretSource.optional() }),
  unit: 'any',
  description:
    'an instant query; `url` is that of the server. Nothing where it finds no series or NaN; several series are an error: put `sum()` around it. `token` is `{ env: NAME }` or `{ file: PATH }`',
  async measure({ url, query, token }, measuring) {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token) headers.authorization = `Bearer ${await readSecret(token, measuring.doors, 'token')}`;
    const answer = await ask(queryUrl(url, query), { method: 'GET', headers }, measuring);
    return resultOf(url, answer);
  },
});

/** The server may stand below a path. */
function queryUrl(url: string, query: string): string {
  const at = new URL(url);
  at.pathname = `${at.pathname.replace(/\/$/, '')}/api/v1/query`;
  at.searchParams.set('query', query);
  return at.href;
}

interface Reply {
  status?: string;
  error?: string;
  data?: { resultType?: string; result?: unknown };
}

function resultOf(url: string, { ok, status, body }: Answer): CheckValue {
  // What stands in front of it, a proxy that asks for a login, does not speak JSON.
  if (!ok && !body.trimStart().startsWith('{'))
    throw httpError(url, `it answers with status ${status}`, 'check that it is the address of Prometheus');
  const { data, error, status: outcome } = (parseJson(url, body) ?? {}) as Reply;
  if (outcome !== 'success') {
    throw httpError(
      url,
      `prometheus refuses the query: ${redactText(error ?? `status ${status}`)}`,
      'try the query in Prometheus',
    );
  }
  if (data?.resultType === 'scalar') return numberOf(data.result);
  if (data?.resultType !== 'vector' || !Array.isArray(data.result)) {
    throw httpError(url, `the query gives a ${data?.resultType ?? 'strange result'}`, 'ask for one number');
  }
  if (data.result.length > 1) {
    throw httpError(url, `the query finds ${data.result.length} series`, 'put sum() or max() around it');
  }
  return data.result.length === 0 ? null : numberOf((data.result[0] as { value?: unknown }).value);
}

/** [time, text]; NaN and infinity are no numbers to be compared. */
function numberOf(sample: unknown): number | null {
  const value = Array.isArray(sample) ? Number(sample[1]) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}
