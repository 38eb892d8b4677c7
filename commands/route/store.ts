import { FileRouteStore, RedisRouteStore, type Route, type RouteStore } from '../../src/routing/index.ts';
import type { QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import { usageError } from '../stream-work.ts';

/** `--file`. */
export interface StoreFlags {
  file?: string;
}

/** Adds `--file` and the connection to Redis. */
export function addStoreOptions(command: QctlCommand): QctlCommand {
  command.option('--file <path>', 'routes of this YAML file of feature flags, in place of those in Redis');
  return addConnectionOptions(command, ['redis']);
}

/** Where the routes are. Nothing is connected to where a file is named. */
export async function openStore(context: Context, { file }: StoreFlags): Promise<RouteStore> {
  if (file !== undefined) return new FileRouteStore(file);
  return new RedisRouteStore(await context.redis());
}

/** The route of this name. Throws `usage` ROUTE_UNKNOWN with the similar one. */
export async function requireRoute(store: RouteStore, name: string): Promise<Route> {
  const { route } = await store.look(name);
  if (route) return route;
  const { findSimilar } = await import('../../src/config/similar.ts');
  const known = await store.list();
  const similar = findSimilar(name, known);
  const others = known.length === 0 ? 'there are none yet' : `there are: ${known.slice(0, 10).join(', ')}`;
  throw usageError(
    `there is no route ${name} in ${store.label}`,
    'ROUTE_UNKNOWN',
    similar ? `did you mean ${similar}?` : others,
    `make it: qctl route set ${name} --percent 0`,
  );
}
