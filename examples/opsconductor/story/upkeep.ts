import type { Redis } from 'ioredis';
import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading } from '../../kit/terminal.ts';
import { publish } from '../services/events.mjs';
import { streamOf } from './names.ts';
import type { Team } from './team.ts';

const ASSETS = streamOf('assets');
const METRICS = streamOf('metrics');
const EVENTS = 200;
/** What the slow group has done, and has in hand. */
const [DONE, IN_HAND] = [40, 20];

/** A stream is cut, and a slow group keeps what it needs. */
export async function trim({ figures }: Stage, { terminal, redis, books }: Team): Promise<void> {
  heading('Trimming: what a group still needs is not cut');
  await redis.xgroup('CREATE', ASSETS, 'audit', '0', 'MKSTREAM');
  await Promise.all(
    Array.from({ length: EVENTS }, () =>
      publish(redis, { stream: ASSETS, service: 'assets', type: 'asset_updated' }),
    ),
  );
  const [done] = [await read(redis, ASSETS, 'audit', DONE), await read(redis, ASSETS, 'audit', IN_HAND)];
  await redis.xack(ASSETS, 'audit', ...done);
  await waitFor(
    async () => (await books.worked()).filter(({ stream }) => stream === ASSETS).length === EVENTS,
  );
  const refused = await terminal.runBriefly(
    ['stream', 'trim', ASSETS, '--max-len', '50', '--yes'],
    undefined,
    3,
  );
  process.stdout.write(refused.stderr);
  await terminal.run(['stream', 'trim', ASSETS, '--acknowledged', '--yes', '--quiet']);
  const left = await redis.xlen(ASSETS);
  const own = await redis.xreadgroup('GROUP', 'audit', 'a1', 'STREAMS', ASSETS, '0');
  const inHand = (own as [string, [string, string[] | null][]][])[0]![1].filter(
    ([, fields]) => fields !== null,
  ).length;
  const rest = await read(redis, ASSETS, 'audit', EVENTS);
  figures.held(
    'trimmed; of those the slow group still needs, there',
    `${EVENTS - left}; ${inHand + rest.length} of ${EVENTS - DONE}`,
    {
      wanted: `${DONE}; all`,
      holds: left === EVENTS - DONE && inHand === IN_HAND && rest.length === EVENTS - DONE - IN_HAND,
    },
  );
}

/** A group goes back to an entry, and gets again just what was told. */
export async function reset({ figures }: Stage, { terminal, redis }: Team): Promise<void> {
  heading('Group reset: the collectors counted half an hour wrongly, and get it again');
  await redis.xgroup('CREATE', METRICS, 'collectors', '0', 'MKSTREAM');
  const ids: string[] = [];
  for (let n = 0; n < 60; n += 1)
    ids.push((await redis.xadd(METRICS, '*', 'data', `{"cpu":${n}}`, 'event_type', 'metric'))!);
  await redis.xack(METRICS, 'collectors', ...(await read(redis, METRICS, 'collectors', 60)));
  // The group goes on behind the entry that is named.
  const to = ids[29]!;
  await terminal.run(['group', 'reset', METRICS, 'collectors', '--to', to, '--dry-run']);
  const untouched = await read(redis, METRICS, 'collectors', 60);
  await terminal.run(['group', 'reset', METRICS, 'collectors', '--to', to, '--yes', '--quiet']);
  const again = await read(redis, METRICS, 'collectors', 60);
  await redis.xack(METRICS, 'collectors', ...again);
  figures.held('given again after the dry run, after the reset', `${untouched.length}, ${again.length}`, {
    wanted: '0, 30: what came behind that entry, in its order',
    holds: untouched.length === 0 && again.join() === ids.slice(30).join(),
  });
}

/** As a consumer of the group; returns the ids. */
async function read(redis: Redis, stream: string, group: string, count: number): Promise<string[]> {
  const found = await redis.xreadgroup('GROUP', group, 'a1', 'COUNT', count, 'STREAMS', stream, '>');
  return ((found as [string, [string, string[]][]][] | null)?.[0]?.[1] ?? []).map(([id]) => id);
}
