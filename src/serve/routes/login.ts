import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Credentials } from '../access/credentials.ts';
import { type Access, requirePatience } from '../access/guard.ts';
import { LOGIN_STYLE, loginPage } from '../access/login-page.ts';
import { COOKIE, csrfToken } from '../access/principal.ts';
import { SESSION_SECONDS } from '../access/sessions.ts';
import { HttpError } from '../errors.ts';
import { errors, okOf, SESSION } from '../schema/index.ts';

const HTML = 'text/html; charset=utf-8';
const FORM = 'application/x-www-form-urlencoded';

type Given = Partial<Record<'token' | 'user' | 'password', unknown>> | null;

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
    async ({ principal }) => ({
      user: principal!.who,
      via: principal!.via,
      actions: mayAct ? { csrfToken: csrfToken(principal!) } : null,
    }),
  );
  const { credentials } = access;
  if (!credentials) return;
  const open = { config: { open: true as const }, schema: { hide: true } };
  app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.get('/login', open, (_request, reply) => reply.type(HTML).send(loginPage(credentials)));
  app.get('/login.css', open, (_request, reply) => reply.type('text/css; charset=utf-8').send(LOGIN_STYLE));
  app.post<{ Body: Given }>('/login', open, (request, reply) => logIn(request, reply, access, credentials));
  app.post('/logout', open, (request, reply) => {
    const session = request.principal?.session;
    if (session) access.sessions.end(session);
    reply.clearCookie(COOKIE, cookieOf(request));
    return isForm(request) ? reply.redirect('/login', 303) : reply.code(204).send();
  });
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
    const failure = 'That is not right.';
    if (isForm(request)) return reply.code(401).type(HTML).send(loginPage(credentials, failure));
    throw new HttpError(401, 'WRONG_CREDENTIALS', 'that token, or user and password, is not right');
  }
  attempts.succeeded(request.ip);
  // One that is there already is not gone on with: somebody else may have put it there.
  if (request.principal?.session) sessions.end(request.principal.session);
  reply.setCookie(COOKIE, sessions.open(who), { ...cookieOf(request), maxAge: SESSION_SECONDS });
  return isForm(request) ? reply.redirect('/', 303) : reply.code(204).send();
}

function whoIs(given: Given, credentials: Credentials): string | undefined {
  const { token, user, password } = given ?? {};
  if (typeof token === 'string' && token !== '' && credentials.isToken(token.trim())) return 'token';
  if (typeof user !== 'string' || typeof password !== 'string') return undefined;
  return credentials.isUser(user, password) ? user : undefined;
}

function isForm({ headers }: FastifyRequest): boolean {
  return headers['content-type']?.startsWith(FORM) === true;
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
