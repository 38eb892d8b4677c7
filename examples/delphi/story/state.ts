import { waitFor } from '../../../test/support/wait.ts';
import type { Team } from './team.ts';

/** As in qctl.yaml. */
export const STREAM = 'delphi:alerts';

/** Waits until there is a mail for each of these alerts. */
export async function mailed({ services }: Team, ids: Iterable<string>): Promise<void> {
  const wanted = [...ids];
  const allThere = () => {
    const mails = new Set(services.mails().map(({ id }) => id));
    return wanted.every((id) => mails.has(id));
  };
  await waitFor(allThere, { what: `mails of ${wanted.length} alerts`, timeoutMs: 90_000, everyMs: 100 });
}

/** State of a circuit breaker as it stands in Redis. */
export function breakerState({ redis }: Team, breaker: string): Promise<string | null> {
  return redis.hget(`qctl:{cb:${breaker}}:state`, 'state');
}

/** Entries of the stream that are not finished: not delivered, and delivered. */
export async function unfinished({ redis }: Team): Promise<{ waiting: number; pending: number }> {
  const [group = []] = (await redis.xinfo('GROUPS', STREAM)) as (string | number)[][];
  const value = (name: string) => Number(group[group.indexOf(name) + 1]);
  return { waiting: value('lag'), pending: value('pending') };
}

/** Whether nothing of the stream is left to do. */
export async function isFinished(team: Team): Promise<boolean> {
  return Object.values(await unfinished(team)).every((count) => count === 0);
}
