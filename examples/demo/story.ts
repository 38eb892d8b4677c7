import { Redis } from 'ioredis';
import { waitFor } from '../../test/support/wait.ts';
import { countKeys, prove } from '../kit/proof.ts';
import { heading, print, restoreCursor, Terminal } from '../kit/terminal.ts';
import { countAlerts, fillAlerts, type StoredAlert } from './alerts.ts';
import type { Servers } from './servers.ts';
import { type SentWebhook, sendWebhooks } from './webhooks.ts';

const ALERTS = 20_000;
const WEBHOOKS = 2_000;
/** Slow enough that the kill comes in the middle, fast enough to be watched. */
const RATE = 8_000;
const KILL_AFTER = 6_000;

const DRAIN_ALERTS = [
  'drain',
  'postgres',
  ...['--table', 'alerts', '--ready', "state = 'pending'"],
  ...['--key', 'agent_id', '--type', 'rule', '--priority', 'severity', '--enqueued-at', 'created_at'],
  ...['--stream', 'alerts', '--create-group', 'triage', '--durability', 'aof', '--rate', `${RATE}/s`],
];
const DRAIN_WEBHOOKS = ['drain', 'sqs', '--stream', 'webhooks', '--wait', '1s', '--settle', '1s'];

/** What both sources held before anything was drained. */
interface Before {
  alerts: StoredAlert[];
  webhooks: SentWebhook[];
}

/** The demo from the first command to the last. True where everything was proven. */
export async function tellStory(
  servers: Servers,
  onCleanup: (cleanup: () => Promise<void>) => void,
): Promise<boolean> {
  const { redis, postgres, sqs } = servers;
  const database = await postgres.createDatabase();
  const alerts = await fillAlerts(database, ALERTS);
  const { queueUrl, sent: webhooks } = await sendWebhooks(sqs, 'webhooks', WEBHOOKS);
  print(
    `Filled table alerts with ${group(ALERTS)} rows and queue webhooks with ${group(WEBHOOKS)} messages.\n`,
  );
  const terminal = new Terminal({
    settings: {
      REDIS_URL: redis.url,
      DATABASE_URL: database,
      SQS_QUEUE_URL: queueUrl,
      AWS_ENDPOINT_URL_SQS: sqs.endpoint,
      AWS_REGION: 'us-east-1',
    },
  });
  onCleanup(() => terminal.close());

  const client = new Redis(redis.url);
  onCleanup(async () => client.disconnect());

  await showPlan(terminal, redis.url);
  const killedAt = await drainWithKill(terminal, client);
  await drainWebhooks(terminal);
  await verifyBoth(terminal, client);
  return summarise({ alerts, webhooks }, servers, { database, queueUrl, killedAt });
}

async function showPlan(terminal: Terminal, redisUrl: string): Promise<void> {
  heading('The plan; --dry-run changes nothing');
  await terminal.run([...DRAIN_ALERTS, '--dry-run']);
  print();
  await terminal.run([...DRAIN_WEBHOOKS, '--dry-run']);
  const keys = await countKeys(redisUrl);
  if (keys > 0) throw new Error(`the dry runs have left ${keys} keys in Redis`);
  print('\nRedis holds 0 keys: nothing was written, locked or received.');
}

async function drainWithKill(terminal: Terminal, redis: Redis): Promise<number> {
  heading('Draining the table, and kill -9 in the middle');
  const { child, ended } = terminal.start([...DRAIN_ALERTS, '--yes']);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const appended = () => redis.xlen('alerts');
  await waitFor(async () => over || (await appended()) >= KILL_AFTER, {
    what: 'the middle of the drain',
    timeoutMs: 60_000,
  });
  if (over) throw new Error('the drain ended before it could be killed');
  child.kill('SIGKILL');
  await ended;
  restoreCursor();
  const killedAt = await appended();
  print(`\n✗ kill -9 ${child.pid}: ${group(killedAt)} of ${group(ALERTS)} alerts were in the stream\n`);
  await terminal.run(['drain', 'list']);
  heading('The same command again goes on where it was killed');
  await terminal.run([...DRAIN_ALERTS, '--yes']);
  return killedAt;
}

async function drainWebhooks(terminal: Terminal): Promise<void> {
  heading('Draining the queue');
  await terminal.run([...DRAIN_WEBHOOKS, '--yes']);
}

async function verifyBoth(terminal: Terminal, redis: Redis): Promise<void> {
  heading('The proof, at any time later');
  for (const run of await redis.zrange('qctl:runs', '0', '-1')) {
    await terminal.run(['verify', run]);
    print();
  }
}

async function summarise(
  before: Before,
  { redis, sqs }: Servers,
  { database, queueUrl, killedAt }: { database: string; queueUrl: string; killedAt: number },
): Promise<boolean> {
  heading('What stands in Redis, read without qctl and compared with what was sent');
  const keyed = before.alerts.map(({ agent, ...alert }) => ({ ...alert, key: agent }));
  const alerts = await prove(redis.url, 'alerts', keyed);
  const webhooks = await prove(redis.url, 'webhooks', before.webhooks);
  const agents = new Set(before.alerts.map(({ agent }) => agent)).size;
  const left = [await countAlerts(database), (await sqs.depth(queueUrl)).total];
  print(
    `alerts    ${group(alerts.exactlyOnce)} of ${group(ALERTS)} exactly once, bodies unchanged, in order for each of ${agents} agents, in spite of kill -9 after ${group(killedAt)}`,
  );
  print(`webhooks  ${group(webhooks.exactlyOnce)} of ${group(WEBHOOKS)} exactly once, bodies unchanged`);
  print(`sources   ${group(left[0]!)} rows and ${group(left[1]!)} messages are left`);
  const problems = [
    ...alerts.problems.map((problem) => `alerts: ${problem}`),
    ...webhooks.problems.map((problem) => `webhooks: ${problem}`),
    ...(left.some((count) => count > 0) ? ['the sources are not empty'] : []),
  ];
  for (const problem of problems) print(`FAILED    ${problem}`);
  print(problems.length === 0 ? '\nNothing lost, nothing doubled.' : '\nThe proof failed.');
  return problems.length === 0;
}

function group(n: number): string {
  return n.toLocaleString('en-GB');
}
