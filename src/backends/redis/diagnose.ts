import { QctlError } from '../../errors.ts';
import { networkCode, plainCause } from '../network.ts';
import { toTargetError } from './errors.ts';
import type { HostPort, ResolvedOptions } from './options.ts';
import { speaksPlain, speaksTls } from './probe.ts';

const MOST_CAUSES = 5;

/**
 * Explains why a first connection failed. A server on the other side of the
 * plain/TLS line only hangs up or keeps silent, so it is asked in the other tongue.
 */
export async function explainFailure(
  error: unknown,
  from: ResolvedOptions,
  at: HostPort | undefined,
  ms: number,
): Promise<QctlError> {
  const mixedUp = at && ambiguous(error) ? await mixUp(error, from, at, ms) : undefined;
  return mixedUp ?? toTargetError(withoutSecrets(error, from), from.label, 'connect to redis');
}

function ambiguous(error: unknown): boolean {
  const code = networkCode(error);
  if (code !== undefined) return /^(ETIMEDOUT|ECONNRESET|EPIPE|ERR_SSL|EPROTO|ERR_TLS)/.test(code);
  return (
    error instanceof Error &&
    /^Connection is closed|max retries per request|^Protocol error/.test(error.message)
  );
}

async function mixUp(
  error: unknown,
  from: ResolvedOptions,
  at: HostPort,
  ms: number,
): Promise<QctlError | undefined> {
  const code = 'REDIS_TLS_MISMATCH';
  const cause = plainCause(error);
  if (from.tls) {
    if (!(await speaksPlain(at, ms))) return undefined;
    const text = `cannot connect to redis (${from.label}): the server speaks plain text, not TLS`;
    return new QctlError('target', text, {
      code,
      hint: ['use redis:// for this port, or the TLS port'],
      cause,
    });
  }
  if (!(await speaksTls(at, ms))) return undefined;
  const text = `cannot connect to redis (${from.label}): the server speaks TLS, not plain text`;
  return new QctlError('target', text, {
    code,
    hint: ['use rediss:// for this port, or the plain port'],
    cause,
  });
}

/**
 * A server that is no Redis may repeat what it was sent, the password too. Only its words are masked,
 * not ours: a password such as `wrong` must not leave a hole in the sentence that gives it away.
 */
function withoutSecrets(error: unknown, from: ResolvedOptions): unknown {
  const secrets = [from.password, from.sentinel?.password].filter((one): one is string => Boolean(one));
  for (let one = error, depth = 0; one instanceof Error && depth < MOST_CAUSES; depth += 1) {
    one.message = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), one.message);
    one = (one as { lastNodeError?: unknown }).lastNodeError ?? one.cause;
  }
  return error;
}
