import { inTime, waitFor } from '../../../test/support/wait.ts';
import { heading, print } from '../../kit/terminal.ts';
import { STREAM } from '../deployments.ts';
import { approve, beginRun, drainIn, endOf, type Running, untilStep } from '../runs.ts';
import type { Team } from '../team.ts';

/** The cutover, with a primary that dies on its way. Returns its run, and the drain of its backlog. */
export async function cutOver(team: Team): Promise<{ run: string; drain: string }> {
  heading('The night: one worker, the handlers, the other worker, the backlog');
  const running = await beginPlan(team);
  await untilStep(running, 'approve-rest');
  await killThePrimary(team);
  await approve(team, running, 'approve-rest');
  const { stdout } = await endOf(running, 0);
  const drain = drainIn(stdout);
  await countTheSwitches(team);
  heading('Verification');
  await team.terminal.runBriefly(
    ['verify', drain],
    /^(appended|settled|duplicates|remaining|converged|in the)/,
  );
  await countTheBacklog(team, drain);
  return { run: running.run, drain };
}

/** `plan.yaml`, its times cut short. */
export function beginPlan(team: Team): Promise<Running> {
  const times = ['--set', 'look=300ms', '--set', 'watch=300ms'];
  return beginRun(team, ['plan.yaml', ...times, '--reason', 'CHG-4711']);
}

/** kill -9 while webhooks come in by the new side; then the node comes back, as a replica. */
async function killThePrimary({ sentinel, accepted, stage }: Team): Promise<void> {
  print('\nkill -9 of the primary, while the cutover waits and webhooks come in\n');
  const began = performance.now();
  const node = await sentinel.killPrimary();
  const promoted = seconds(performance.now() - began);
  await inTime(sentinel.rejoin(node), 'the return of the node', 60_000);
  const before = (await accepted('redis')).length;
  await waitFor(async () => (await accepted('redis')).length >= before + 10, {
    what: 'webhooks after the failover',
    everyMs: 50,
    timeoutMs: 60_000,
  });
  const flowing = performance.now() - began;
  print(`another primary after ${promoted}, webhooks accepted again after ${seconds(flowing)}\n`);
  stage.figures.held('failover in the middle: webhooks accepted again after', seconds(flowing), {
    wanted: '< 60s',
    holds: flowing < 60_000,
  });
}

/** What Kubernetes was told, by its own log. */
async function countTheSwitches({ manager, stage }: Team): Promise<void> {
  const calls = (await manager.log()).filter((call) => call.includes(' patch '));
  const order = calls.map((call) => /deployment\/(\S+)/.exec(call)![1]!);
  const wanted = ['worker-1', 'webhook-handler-1', 'webhook-handler-2', 'worker-2'];
  stage.figures.held('instances switched, one after the other', order.length, {
    wanted: wanted.join(', '),
    holds: order.join() === wanted.join(),
  });
}

/** Past qctl: each webhook that the old side took was worked on there, or stands in the stream once. */
async function countTheBacklog({ redis, accepted, worked, stage }: Team, drain: string): Promise<void> {
  const entries = (await redis.xrange(STREAM, '-', '+')).map(([, fields]) => fields);
  const moved = entries.filter((fields) => fieldIn(fields, 'run') === drain);
  const deliveries = moved.map((fields) => JSON.parse(fieldIn(fields, 'body')!).delivery as string);
  const bySqs = (await worked()).flatMap(({ side, delivery }) => (side === 'sqs' ? delivery : []));
  const seen = [...bySqs, ...deliveries].toSorted();
  const wanted = (await accepted('sqs')).toSorted();
  const same = JSON.stringify(seen) === JSON.stringify(wanted);
  const { figures } = stage;
  figures.held('backlog brought into the stream', deliveries.length, {
    wanted: '> 0',
    holds: deliveries.length > 0,
  });
  figures.held(
    'of the old queue: worked on there, or in the stream once',
    `${seen.length} of ${wanted.length}`,
    {
      wanted: 'each id once',
      holds: same,
    },
  );
}

function fieldIn(fields: string[], name: string): string | undefined {
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === name);
  return at < 0 ? undefined : fields[at + 1];
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
