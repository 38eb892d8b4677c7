import { QctlError } from '../../errors.ts';
import type { LoadProfile } from '../profile/profile.ts';
import type { LoadDoors } from '../run-types.ts';
import { openRedisTarget } from './redis/target.ts';
import type { LoadTarget } from './target.ts';

/** The target of a profile, connected. Rejects as connections do. */
export async function openTarget(profile: LoadProfile, run: string, doors: LoadDoors): Promise<LoadTarget> {
  const { target } = profile;
  if (target.kind === 'redis') return openRedisTarget(profile, target, run, await doors.redis());
  throw new QctlError('usage', `target ${target.kind} is not there yet`, { code: 'NOT_YET' });
}
