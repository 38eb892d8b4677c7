import { createAccess, guard } from './access/guard.ts';
import { ownNames } from './access/hosts.ts';
import { DEFAULT_LISTEN } from './address.ts';
import { Answers } from './answers.ts';
import { createApp, openApiRoute } from './app.ts';
import { listen, requireProtection } from './listen.ts';
import { Hub } from './live/hub.ts';
import type { RunningServer, ServerOptions, ServerParts } from './options.ts';
import { actionRoutes } from './routes/actions.ts';
import { detailRoutes } from './routes/details.ts';
import { healthRoutes } from './routes/health.ts';
import { liveRoutes } from './routes/live.ts';
import { loginRoutes } from './routes/login.ts';
import { lookRoutes } from './routes/looks.ts';
import { pageRoutes } from './routes/page.ts';

const MOST_VIEWERS = 1000;
const PING_MS = 10_000;
/** Beside those of viewers. */
const MORE_CONNECTIONS = 1000;

/**
 * Serves an overview by HTTP until it is closed. Throws `refused` where others could reach it and nobody would have to
 * log in, and `failed` where it cannot listen; then nothing listens.
 */
export async function startServer(parts: ServerParts, options: ServerOptions = {}): Promise<RunningServer> {
  const { overview, version, metrics, assets, actions, events = {} } = parts;
  const { listen: at = DEFAULT_LISTEN, hosts = [], credentials } = options;
  const { maxViewers = MOST_VIEWERS, pingMs = PING_MS } = options;
  requireProtection(at, credentials !== undefined);
  const app = await createApp(version, (error) => events.failed?.(error), maxViewers + MORE_CONNECTIONS);
  const access = createAccess(ownNames(at, hosts), credentials);
  const answers = new Answers(overview);
  const hub = new Hub(overview, { maxViewers, pingMs });
  const mayAct = actions !== undefined;
  guard(app, access);
  app.addHook('preClose', async () => hub.close());
  await app.register(healthRoutes, { overview, version });
  await app.register(loginRoutes, { access, mayAct });
  await app.register(lookRoutes, { answers, overview, metrics: (seen) => metrics(seen, hub.size) });
  await app.register(detailRoutes, { answers, overview });
  await app.register(liveRoutes, { hub, access, version, mayAct });
  await app.register(actionRoutes, { actions, overview, events });
  await app.register(pageRoutes, { assets });
  await app.register(openApiRoute);
  try {
    return { url: await listen(app, at), close: () => app.close() };
  } catch (error) {
    await app.close();
    throw error;
  }
}
