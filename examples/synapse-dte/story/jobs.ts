import { waitFor } from '../../../test/support/wait.ts';
import type { Team } from './team.ts';

/** Keys of a job in Redis, as its workers name them. */
export function keysOf(job: string): { job: string; checkpoint: string } {
  return { job: `synapse:job:${job}`, checkpoint: `synapse:checkpoint:${job}` };
}

/** How many steps of a job are done, as anybody can see in Redis. */
export async function stepsDone({ redis }: Team, job: string): Promise<number> {
  return Number(await redis.hget(keysOf(job).job, 'current_index'));
}

/** Waits until so many steps of a job are done. */
export async function untilStep(team: Team, job: string, least: number): Promise<void> {
  const what = `step ${least} of ${job}`;
  await waitFor(async () => (await stepsDone(team, job)) >= least, { what, timeoutMs: 30_000 });
}

/** Waits until a job stands like this. */
export async function untilStatus({ redis }: Team, job: string, wanted: string): Promise<void> {
  const there = async () => (await redis.hget(keysOf(job).job, 'status')) === wanted;
  await waitFor(there, { what: `${job} ${wanted}`, timeoutMs: 30_000 });
}
