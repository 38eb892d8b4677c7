import { waitFor } from '../../../test/support/wait.ts';
import { heading, print } from '../../kit/terminal.ts';
import { GROUP, STREAM } from '../deployments.ts';
import type { Team } from '../team.ts';

/** A worker that takes ahead has so many in hand when it stops. */
const ENOUGH = 8;

interface Held {
  consumer: string;
  entries: string[];
  deliveries: string[];
}

/** A worker is stopped with webhooks in hand: they are claimed, worked on, and known to it when it wakes up. */
export async function claimStuck(team: Team): Promise<void> {
  heading('A worker is stuck');
  await team.spoil({ hang: 'worker-2' });
  const other = await consumerOf(team, 'worker-1');
  const [pid] = await team.manager.podsOf('worker-2');
  await waitFor(() => heldBy(team, 'worker-2'), { what: 'webhooks in its hands', timeoutMs: 30_000 });
  process.kill(pid!, 'SIGSTOP');
  team.stage.onEnd(async () => void process.kill(pid!, 'SIGCONT'));
  // What it had asked for last is given to it all the same.
  const held = await waitFor(
    async () => ((await idleMs(team)) > 1000 ? heldBy(team, 'worker-2') : undefined),
    {
      what: 'idle entries',
    },
  );
  print(`SIGSTOP to ${held.consumer}, which has ${held.entries.length} webhooks in hand\n`);
  await team.terminal.runBriefly(['pending', STREAM, '--min-idle', '1s'], /./);
  const claim = ['claim', STREAM, '--from', held.consumer, '--to', other, '--min-idle', '1s', '--yes'];
  await team.terminal.runBriefly(claim, /./);
  const ofOthers = await workedBy(team, held.deliveries, (pod) => pod !== held.consumer);
  await team.spoil({});
  process.kill(pid!, 'SIGCONT');
  const known = await workedBy(team, held.deliveries, (pod) => pod === held.consumer);
  print(`\nSIGCONT: it finds all ${known.length} of them worked on`);
  team.stage.figures.held(
    'stuck webhooks claimed, and worked on by another',
    `${ofOthers.length} of ${held.entries.length}`,
    {
      wanted: 'all, each once',
      holds: ofOthers.length === held.entries.length && known.every(({ what }) => what === 'known'),
    },
  );
}

/** What the pod of a deployment has pending; undefined where that is little. */
async function heldBy({ redis }: Team, deployment: string): Promise<Held | undefined> {
  const rows = (await redis.xpending(STREAM, GROUP, '-', '+', 1000)) as [string, string][];
  const own = rows.filter(([, consumer]) => consumer.startsWith(`${deployment}-`));
  if (own.length < ENOUGH) return undefined;
  const entries = own.map(([entry]) => entry);
  const bodies = await Promise.all(entries.map((entry) => redis.xrange(STREAM, entry, entry)));
  const deliveries = bodies.map(([entry]) => entry![1][entry![1].indexOf('id') + 1]!);
  return { consumer: own[0]![1], entries, deliveries };
}

async function consumerOf({ worked }: Team, deployment: string): Promise<string> {
  return waitFor(
    async () =>
      (await worked()).findLast(({ side, pod }) => side === 'redis' && pod.startsWith(`${deployment}-`))?.pod,
    { what: `work of ${deployment}` },
  );
}

/** How long ago the stopped worker was given something. */
async function idleMs({ redis }: Team): Promise<number> {
  const rows = (await redis.xpending(STREAM, GROUP, '-', '+', 1000)) as [string, string, number][];
  return Math.min(...rows.flatMap(([, consumer, idle]) => (consumer.startsWith('worker-2-') ? idle : [])));
}

/** Waits until such a pod has noted each of the deliveries. */
async function workedBy({ worked }: Team, deliveries: string[], is: (pod: string) => boolean) {
  return waitFor(
    async () => {
      const lines = (await worked()).filter(({ pod, delivery }) => is(pod) && deliveries.includes(delivery));
      return lines.length >= deliveries.length ? lines : undefined;
    },
    { what: 'the claimed webhooks', timeoutMs: 30_000, everyMs: 50 },
  );
}
