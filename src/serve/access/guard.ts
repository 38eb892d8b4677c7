import type {} from '@fastify/cookie';
import type {} from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.ts';
import { SECURITY_HEADERS } from '../headers.ts';
import { Attempts } from './attempts.ts';
import type { Credentials } from './credentials.ts';
import type { Names } from './hosts.ts';
import { type Principal, recognise } from './principal.ts';
import { Sessions } from './sessions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where nobody has logged in: routes that are open alone are reached then. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** Answers also those who have not logged in. */
    open?: true;
  }
}

/** Who may come in. */
export interface Access {
  names: Names;
  /** Undefined: everybody who reaches it. */
  credentials: Credentials | undefined;
  sessions: Sessions;
  attempts: Attempts;
}

/** With nobody logged in yet. */
export function createAccess(names: Names, credentials: Credentials | undefined): Access {
  return { names, credentials, sessions: new Sessions(), attempts: new Attempts() };
}

/** Looks at every request before anything else does, upgrades to WebSocket and unknown paths among them. */
export function guard(app: FastifyInstance, access: Access): void {
  app.decorateRequest('principal', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    checkHost(request, access.names);
    checkOrigin(request, access.names);
    const principal = identify(request, access);
    if (principal !== 'missing') request.principal = principal;
    else if (request.routeOptions.config.open !== true) throw loginNeeded(request, access.credentials);
  });
}

function checkHost({ headers }: FastifyRequest, names: Names): void {
  if (names.isOwnHost(headers.host)) return;
  throw new HttpError(403, 'FOREIGN_HOST', 'this server is not called by that name', {
    hint: ['to call it by another name, as behind a proxy: qctl serve --host NAME'],
  });
}

const HARMLESS = new Set(['GET', 'HEAD']);

/** Browsers say which page asks; what is no browser says nothing, and is no danger to anybody's session. */
function checkOrigin({ headers, method, ws }: FastifyRequest, names: Names): void {
  if (HARMLESS.has(method) && !ws) return;
  const { origin, host = '' } = headers;
  const site = headers['sec-fetch-site'] ?? 'same-origin';
  if (site === 'same-origin' && (origin === undefined || names.isOwnOrigin(origin, host))) return;
  throw new HttpError(403, 'FOREIGN_ORIGIN', 'another page may not do that', {
    hint: ['behind a proxy that changes the Host header: qctl serve --host NAME'],
  });
}

function identify(
  request: FastifyRequest,
  { credentials, sessions, attempts }: Access,
): Principal | 'missing' {
  const asked = request.headers.authorization !== undefined && credentials !== undefined;
  const found = recognise(request, credentials, sessions);
  // A token is too long to be guessed: whoever shares an address with somebody who tries is not kept out.
  if (asked && (found === 'wrong' || found === 'missing' || found.via !== 'token'))
    requirePatience(attempts, request.ip);
  if (asked && found === 'wrong') attempts.failed(request.ip);
  else if (asked) attempts.succeeded(request.ip);
  if (found === 'wrong') throw wrongCredentials(challenge(credentials, request));
  return found;
}

/** Throws 429 where this address has failed too often. */
export function requirePatience(attempts: Attempts, address: string): void {
  const waitMs = attempts.waitMs(address);
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new HttpError(429, 'TOO_MANY_ATTEMPTS', `too many failed attempts from here: wait ${seconds}s`, {
    headers: { 'retry-after': String(seconds) },
  });
}

/** What was given does not fit; which part of it is not said. */
export function wrongCredentials(headers: Record<string, string> = {}): HttpError {
  return new HttpError(401, 'WRONG_CREDENTIALS', 'that token, or user and password, is not right', {
    headers,
  });
}

function loginNeeded(request: FastifyRequest, credentials: Credentials | undefined): HttpError {
  return new HttpError(401, 'LOGIN_NEEDED', 'only for those who have logged in', {
    hint: ['send the token: Authorization: Bearer TOKEN, or log in at the page'],
    headers: challenge(credentials, request),
  });
}

/** No browser may show its own dialog over the page. */
function challenge(
  credentials: Credentials | undefined,
  { headers }: FastifyRequest,
): Record<string, string> {
  const basic = credentials?.kinds.users && headers['sec-fetch-mode'] === undefined;
  return { 'www-authenticate': basic ? 'Basic realm="qctl", charset="UTF-8"' : 'Bearer realm="qctl"' };
}
