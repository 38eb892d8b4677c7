import type { FastifyInstance } from 'fastify';
import type { Access } from '../access/guard.ts';
import { csrfToken } from '../access/principal.ts';
import { HttpError } from '../errors.ts';
import type { Hub } from '../live/hub.ts';
import { Viewer } from '../live/viewer.ts';

/** The WebSocket over which viewers are told of each look. */
export async function liveRoutes(
  app: FastifyInstance,
  { hub, access, version, mayAct }: { hub: Hub; access: Access; version: string; mayAct: boolean },
): Promise<void> {
  app.route({
    method: 'GET',
    url: '/ws',
    schema: { hide: true },
    preHandler: async (request) => {
      if (request.ws && hub.isFull) throw full();
    },
    handler() {
      throw new HttpError(426, 'WEBSOCKET_ONLY', 'this is a WebSocket', {
        headers: { upgrade: 'websocket' },
      });
    },
    wsHandler(socket, { principal }) {
      const session = principal?.session;
      const actions = mayAct ? { csrfToken: csrfToken(principal!) } : null;
      const isAllowed = (): boolean => session === undefined || access.sessions.isOpen(session);
      hub.add(new Viewer(socket, { type: 'hello', version, actions }, isAllowed));
    },
  });
}

function full(): HttpError {
  return new HttpError(503, 'TOO_MANY_VIEWERS', 'as many are watching as may', {
    headers: { 'retry-after': '30' },
  });
}
