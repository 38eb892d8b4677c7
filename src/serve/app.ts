import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { type ErrorAnswer, HttpError, toAnswer } from './errors.ts';
import { SECURITY_HEADERS } from './headers.ts';

const MOST_BODY_BYTES = 16_384;
/** As long as the name of a stream may be, escaped. */
const MOST_PARAMETER = 4096;
/** Nothing that a viewer says is of use. */
const MOST_MESSAGE_BYTES = 1024;

/** An app without routes: limits, errors as JSON, OpenAPI of what will be added. */
export async function createApp(
  version: string,
  failed: (error: unknown) => void,
  maxConnections: number,
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: MOST_BODY_BYTES,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MOST_PARAMETER, ignoreTrailingSlash: true },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array' } },
    frameworkErrors(error, _request, reply) {
      // No hook has run yet.
      answer(reply.headers(SECURITY_HEADERS), error, failed);
    },
  });
  app.server.maxConnections = maxConnections;
  // JSON alone: a form or plain text could be sent by any page without asking first.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, _request, reply) => answer(reply, error, failed));
  await app.register(cookie);
  await app.register(websocket, {
    options: { maxPayload: MOST_MESSAGE_BYTES, perMessageDeflate: false, autoPong: false },
    // Viewers are told why by those who know them.
    preClose: (done) => done(),
  });
  await app.register(swagger, { openapi: openApiOf(version) });
  app.setNotFoundHandler((_request, reply) =>
    answer(reply, new HttpError(404, 'NOT_FOUND', 'there is nothing here'), failed),
  );
  return app;
}

function openApiOf(version: string) {
  const security: Record<string, string[]>[] = [{ token: [] }, { user: [] }];
  return {
    openapi: '3.1.0',
    info: {
      title: 'qctl serve',
      version,
      description: 'What qctl sees of Redis Streams, breakers, drains and cutovers',
    },
    components: {
      securitySchemes: {
        token: { type: 'http' as const, scheme: 'bearer' },
        user: { type: 'http' as const, scheme: 'basic' },
      },
    },
    security,
  };
}

/** The description of all routes, made once. */
export async function openApiRoute(app: FastifyInstance): Promise<void> {
  let text: string | undefined;
  app.get('/api/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(text);
  });
}

function answer(reply: FastifyReply, error: unknown, failed: (error: unknown) => void): FastifyReply {
  const { status, headers, body, bug } = toAnswer(error);
  if (bug) failed(error);
  // As text: the schema of a route is for its own answers.
  return reply
    .code(status)
    .headers(headers)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .serializer((given: ErrorAnswer) => JSON.stringify(given))
    .send(body);
}
