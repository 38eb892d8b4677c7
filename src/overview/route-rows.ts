import { type RedisConnection, replyCode } from '../backends/redis/index.ts';
import { isQctlError } from '../errors.ts';
import { RedisRouteStore, type Route } from '../routing/index.ts';
import type { RouteRow } from './snapshot.ts';

const AT_ONCE = 100;

/**
 * Routes that are kept in Redis, by name; those of files are seen by nobody but their own processes. One that cannot be
 * read does not hide the others.
 */
export async function routeRows(redis: RedisConnection): Promise<{ rows: RouteRow[]; failures: unknown[] }> {
  const store = new RedisRouteStore(redis);
  const names = await store.list();
  const rows: RouteRow[] = [];
  const failures: unknown[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const looks = await Promise.allSettled(names.slice(at, at + AT_ONCE).map((name) => store.look(name)));
    for (const look of looks) {
      if (look.status === 'rejected') failures.push(refusal(look.reason));
      else if (look.value.route) rows.push(routeRow(look.value.route));
    }
  }
  return { rows, failures };
}

function routeRow({ name, percent, version: _, changedBy, changedAt, reason, ...rules }: Route): RouteRow {
  return { route: name, percent, rules, changedBy, changedAt, reason };
}

/** Throws what says nothing of this one route. */
function refusal(error: unknown): unknown {
  if (isQctlError(error) && (error.code === 'BAD_ROUTE' || replyCode(error.cause) !== '')) return error;
  throw error;
}
