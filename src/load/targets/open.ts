import type { LoadProfile } from '../profile/profile.ts';
import type { LoadDoors } from '../run-types.ts';
import { openHttpTarget } from './http/target.ts';
import { openPostgresTarget } from './postgres/target.ts';
import { openRedisTarget } from './redis/target.ts';
import { openSqsTarget } from './sqs/target.ts';
import type { LoadTarget } from './target.ts';

/** The target of a profile, connected. Rejects as connections do. */
export async function openTarget(profile: LoadProfile, run: string, doors: LoadDoors): Promise<LoadTarget> {
  const { target } = profile;
  switch (target.kind) {
    case 'redis':
      return openRedisTarget(profile, target, run, await doors.redis());
    case 'sqs':
      return openSqsTarget(profile, target, run, doors);
    case 'postgres':
      return openPostgresTarget(profile, target, run, doors);
    case 'http':
      return openHttpTarget(profile, target, run, doors);
  }
}
