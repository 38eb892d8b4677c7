import type {} from '@fastify/cookie';
import type { FastifyRequest } from 'fastify';
import { digestOf, sameDigest } from './compare.ts';
import type { Credentials } from './credentials.ts';
import type { Session, Sessions } from './sessions.ts';

/** Who asks. */
export interface Principal {
  /** Name of the user, or `token`; null where nobody has to log in. */
  who: string | null;
  via: 'none' | 'session' | 'token' | 'basic';
  session?: Session;
}

/** Name of the cookie. */
export const COOKIE = 'qctl_session';

/** What a request says of who asks: nothing, something wrong, or somebody. */
export type Recognised = Principal | 'missing' | 'wrong';

/** Reads cookie and Authorization header. */
export function recognise(
  request: FastifyRequest,
  credentials: Credentials | undefined,
  sessions: Sessions,
): Recognised {
  if (!credentials) return { who: null, via: 'none' };
  const { authorization } = request.headers;
  if (authorization !== undefined) return readAuthorization(authorization, credentials);
  const cookie = request.cookies[COOKIE];
  const session = cookie === undefined ? undefined : sessions.find(cookie);
  return session ? { who: session.who, via: 'session', session } : 'missing';
}

function readAuthorization(header: string, credentials: Credentials): Recognised {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer')
    return credentials.isToken(value) ? { who: 'token', via: 'token' } : 'wrong';
  if (scheme.toLowerCase() !== 'basic') return 'wrong';
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const who = text.slice(0, colon);
  return colon > 0 && credentials.isUser(who, text.slice(colon + 1)) ? { who, via: 'basic' } : 'wrong';
}

/** What each action of this principal has to carry: no other page can read it. */
export function csrfToken({ who, via, session }: Principal): string {
  return digestOf(`csrf ${via} ${session?.id ?? who}`).toString('base64url');
}

/** Takes the same time whatever was given. */
export function isCsrfToken(principal: Principal, given: string): boolean {
  return sameDigest(digestOf(given), digestOf(csrfToken(principal)));
}
