import { FileRouteStore, RedisRouteStore, type RouteStore } from '../../routing/index.ts';
import type { StepWorld } from '../step.ts';

/** Where the routes of a step are: Redis, or the file that the plan names; of the sandbox in a rehearsal. */
export async function routeStoreOf({ file }: { file?: string }, world: StepWorld): Promise<RouteStore> {
  if (file !== undefined) return new FileRouteStore(world.path(file));
  return new RedisRouteStore(await world.redis());
}
