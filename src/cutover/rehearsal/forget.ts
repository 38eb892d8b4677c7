import { placeOfThisProcess } from '../../backends/process/place.ts';
import { cutoverKeys, cutoverLockKey, REHEARSALS, ROUTE_INDEX, routeKeys } from '../../model/keys.ts';
import { askRedis } from '../door.ts';
import type { CutoverHost } from '../host.ts';
import type { PlannedStep } from '../plan-types.ts';
import { REHEARSAL_PREFIX } from './sandbox.ts';
import { withUndo } from './with-undo.ts';

/** What a rehearsal writes in Redis; entered there before it does. */
export interface Traces {
  /** Of the sandbox. */
  name: string;
  /** As they stand in Redis. */
  routes: string[];
}

/** The lock of a rehearsal. */
export function rehearsalLock(name: string): string {
  return `${REHEARSAL_PREFIX}${name}`;
}

/** What a plan will leave in Redis. */
export function tracesOf(name: string, steps: readonly PlannedStep[]): Traces {
  const routes = steps
    .flatMap(withUndo)
    .flatMap(({ kind, params }) => (kind.name === 'route' ? [(params as { name: string }).name] : []));
  return { name, routes: [...new Set(routes)].map((route) => `${REHEARSAL_PREFIX}${name}:${route}`) };
}

/** Enters them, so that they are found where this process does not come to take them away. */
export async function enterTraces(host: CutoverHost, { name, routes }: Traces): Promise<void> {
  const entry = JSON.stringify({ routes, place: placeOfThisProcess(), sinceMs: host.now().getTime() });
  await askRedis(host, 'enter the rehearsal', ({ client }) => client.hset(REHEARSALS, name, entry));
}

/** Takes away all that a rehearsal has left in Redis. Keys of one call may stand in different slots. */
export async function forgetTraces(host: CutoverHost, { name, routes }: Traces): Promise<void> {
  await askRedis(host, 'take away what the rehearsal has left', async ({ client }) => {
    const lock = cutoverLockKey(rehearsalLock(name));
    // The lock is taken before anything is written of the run, and knows it to the end.
    const run = await client.hget(lock, 'last');
    const keys = [
      ...(run === null ? [] : Object.values(cutoverKeys(run))),
      ...routes.flatMap((route) => Object.values(routeKeys(route))),
      lock,
    ];
    for (const key of keys) await client.del(key);
    if (routes.length > 0) await client.zrem(ROUTE_INDEX, ...routes);
    await client.hdel(REHEARSALS, name);
  });
}
