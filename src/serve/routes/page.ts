import type { FastifyInstance } from 'fastify';
import { isKnown } from '../answers.ts';
import type { Asset, Assets } from '../assets.ts';
import { HttpError } from '../errors.ts';

const OPEN = { config: { open: true as const }, schema: { hide: true } };
const FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_FIRST = 'private, no-cache';

/**
 * The page and its files, from memory: each has its own route, and there are no others. It holds no data, and asks who
 * somebody is by itself: so a link to it works although the cookie is not sent with it.
 */
export async function pageRoutes(app: FastifyInstance, { assets }: { assets: Assets }): Promise<void> {
  for (const [path, asset] of assets) serveAsset(app, path === '/index.html' ? '/' : path, asset);
  if (assets.has('/index.html')) return;
  app.get('/', OPEN, () => {
    throw new HttpError(404, 'NO_PAGE', 'this build has no page', {
      hint: ['the API is there: /api/openapi.json'],
    });
  });
}

function serveAsset(app: FastifyInstance, path: string, { body, type, etag, immutable }: Asset): void {
  app.get(path, OPEN, (request, reply) => {
    reply.header('etag', etag).header('cache-control', immutable ? FOR_EVER : ASK_FIRST);
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return reply.type(type).send(body);
  });
}
