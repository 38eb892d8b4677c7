import { once } from 'node:events';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isQctlError } from '../../src/errors.ts';
import { openOverview } from '../../src/overview/index.ts';
import {
  isLoopback,
  readAssets,
  readCredentials,
  requireProtection,
  type ServerOptions,
  startServer,
} from '../../src/serve/index.ts';
import type { Context } from '../context.ts';
import { cutoverHost } from '../cutover/host.ts';
import { metricDoors } from '../metric-doors.ts';
import type { ServeFlags } from '../serve.ts';
import { prepareAlerts } from './alerting.ts';
import { metricsOf } from './metrics.ts';
import { type ServeSettings, settingsOf } from './settings.ts';
import { type Teller, tellerOf } from './teller.ts';

/**
 * Serves until a signal comes. A Redis that is away is shown as away; what no waiting mends, such as a wrong password,
 * ends it before anything listens.
 *
 * @param page folder of the page's files
 */
export async function serveUntilStopped(context: Context, flags: ServeFlags, page: URL): Promise<void> {
  const tell = tellerOf(context);
  const config = await context.config();
  const settings = settingsOf(flags, config.serve);
  const options = await optionsOf(settings, tell);
  const alerts = await prepareAlerts(context);
  await tryRedis(context, tell);
  if (context.signal.aborted) return;
  const { intervalMs, match, allowActions, consumers } = settings;
  const doors = metricDoors(context);
  const overview = openOverview(doors, { intervalMs, match });
  context.onCleanup(() => overview.close());
  const server = await startServer(
    {
      overview,
      version: context.version,
      metrics: metricsOf(context, consumers),
      assets: await readAssets(fileURLToPath(page)),
      ...(allowActions && {
        actions: {
          redis: () => context.redis(),
          cutovers: () => cutoverHost(context),
          breakers: config.breakers,
        },
      }),
      events: tell,
    },
    options,
  );
  context.onCleanup(() => server.close());
  tell.listening(server.url, { allowActions, isProtected: options.credentials !== undefined });
  const unsubscribe = overview.subscribe((seen) => tell.seen(seen));
  tell.alerting(alerts.text);
  alerts.start();
  if (!context.signal.aborted) await once(context.signal, 'abort');
  unsubscribe();
  await server.close();
  await alerts.stop();
}

/** Reads the files of secrets. Throws before anything is connected to. */
async function optionsOf(settings: ServeSettings, tell: Teller): Promise<ServerOptions> {
  const { listen, hosts } = settings;
  requireProtection(listen, settings.tokenFile !== undefined || settings.basicAuthFile !== undefined);
  const credentials = await readCredentials(settings, (text) => tell.warn(text));
  // Others call this machine by its name.
  const own = isLoopback(listen.host) ? [] : [hostname()];
  return { listen, hosts: [...hosts, ...own], credentials };
}

/** Throws what waiting does not mend. */
async function tryRedis(context: Context, tell: Teller): Promise<void> {
  await context.redisOptions();
  try {
    const { label } = await context.redis();
    tell.looksAt(label);
  } catch (error) {
    if (!isQctlError(error) || error.kind !== 'target') throw error;
    tell.away(error.message);
  }
}
