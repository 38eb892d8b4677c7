import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Credentials } from '../access/credentials.ts';
import { type Access, requirePatience, wrongCredentials } from '../access/guard.ts';
import { COOKIE, csrfToken, type Principal } from '../access/principal.ts';
import { SESSION_SECONDS } from '../access/sessions.ts';
import { CREDENTIALS, errors, NOTHING, okOf, SESSION } from '../schema/index.ts';

/** One of the two ways. */
type Given = Partial<Record<'token' | 'user' | 'password', string>>;

/** Logging in and out, and who somebody is. Without credentials there is nothing to log in to. */
export async function loginRoutes(
  app: FastifyInstance,
  { access, mayAct }: { access: Access; mayAct: boolean },
): Promise<void> {
  app.get(
    '/api/session',
    {
      schema: {
        tags: ['session'],
        summary: 'Who asks, and the token that actions carry',
        response: { 200: okOf(SESSION), ...errors(401) },
      },
    },
    async ({ principal }) => sessionOf(principal!, mayAct),
  );
  const { credentials } = access;
  if (!credentials) return;
  const open = { config: { open: true as const } };
  app.post<{ Body: Given }>(
    '/login',
    {
      ...open,
      schema: {
        tags: ['session'],
        summary: LOGIN,
        body: CREDENTIALS,
        response: { 204: NOTHING, ...errors(401, 403, 429) },
      },
    },
    (request, reply) => logIn(request, reply, access, credentials),
  );
  app.post(
    '/logout',
    { ...open, schema: { tags: ['session'], summary: 'Ends the session', response: { 204: NOTHING } } },
    (request, reply) => logOut(request, reply, access),
  );
}

const LOGIN = 'Opens a session for a browser: a cookie that no script can read';

function sessionOf(principal: Principal, mayAct: boolean) {
  const { who, via } = principal;
  return { user: who, via, actions: mayAct ? { csrfToken: csrfToken(principal) } : null };
}

function logIn(
  request: FastifyRequest<{ Body: Given }>,
  reply: FastifyReply,
  { sessions, attempts }: Access,
  credentials: Credentials,
): FastifyReply {
  requirePatience(attempts, request.ip);
  const who = whoIs(request.body, credentials);
  if (who === undefined) {
    attempts.failed(request.ip);
    throw wrongCredentials();
  }
  attempts.succeeded(request.ip);
  // One that is there already is not gone on with: somebody else may have put it there.
  if (request.principal?.session) sessions.end(request.principal.session);
  return reply
    .setCookie(COOKIE, sessions.open(who), { ...cookieOf(request), maxAge: SESSION_SECONDS })
    .code(204)
    .send();
}

function logOut(request: FastifyRequest, reply: FastifyReply, { sessions }: Access): FastifyReply {
  const session = request.principal?.session;
  if (session) sessions.end(session);
  return reply.clearCookie(COOKIE, cookieOf(request)).code(204).send();
}

function whoIs({ token, user, password }: Given, credentials: Credentials): string | undefined {
  if (token !== undefined) return credentials.isToken(token.trim()) ? 'token' : undefined;
  if (user === undefined || password === undefined) return undefined;
  return credentials.isUser(user, password) ? user : undefined;
}

/** TLS ends at a proxy: whoever lies about it harms himself. */
function cookieOf({ headers }: FastifyRequest): {
  path: string;
  httpOnly: true;
  sameSite: 'strict';
  secure: boolean;
} {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: headers['x-forwarded-proto'] === 'https' };
}
