import type {} from '@fastify/cookie';
import type {} from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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
    else if (request.routeOptions.config.open !== true) return refuse(request, reply, access);
    return undefined;
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
  if (asked) requirePatience(attempts, request.ip);
  const found = recognise(request, credentials, sessions);
  if (asked && found === 'wrong') attempts.failed(request.ip);
  else if (asked) attempts.succeeded(request.ip);
  if (found === 'wrong') throw wrong(credentials, request);
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

function wrong(credentials: Credentials | undefined, request: FastifyRequest): HttpError {
  return new HttpError(401, 'WRONG_CREDENTIALS', 'that token, or user and password, is not right', {
    headers: challenge(credentials, request),
  });
}

/** A person is sent to the form, a program is told what is missing. */
function refuse(request: FastifyRequest, reply: FastifyReply, { credentials }: Access): FastifyReply {
  if (request.headers.accept?.includes('text/html') && HARMLESS.has(request.method) && !request.ws)
    return isFromElsewhere(request) ? onceMore(reply) : reply.redirect('/login', 303);
  throw new HttpError(401, 'LOGIN_NEEDED', 'only for those who have logged in', {
    hint: ['a program sends the token: Authorization: Bearer TOKEN; a browser logs in at /login'],
    headers: challenge(credentials, request),
  });
}

/**
 * Somebody has followed a link from another page. The cookie is not sent then: the browser asks once more, from a page
 * of ours.
 */
function isFromElsewhere({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

function onceMore(reply: FastifyReply): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .send('<!doctype html><html lang="en"><meta http-equiv="refresh" content="0"><title>qctl</title></html>');
}

/** No browser may show its own dialog over the page. */
function challenge(
  credentials: Credentials | undefined,
  { headers }: FastifyRequest,
): Record<string, string> {
  const basic = credentials?.kinds.users && headers['sec-fetch-mode'] === undefined;
  return { 'www-authenticate': basic ? 'Basic realm="qctl", charset="UTF-8"' : 'Bearer realm="qctl"' };
}
