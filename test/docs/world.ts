import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import PgBoss from 'pg-boss';
import { fillAlerts } from '../../examples/demo/alerts.ts';
import { sendWebhooks } from '../../examples/demo/webhooks.ts';
import { type CommandEnd, type CommandSetting, runCommand } from '../commands/run-command.ts';
import { envelope } from '../support/celery.ts';
import { putAside } from '../support/delayed.ts';
import { fillOrders } from '../support/orders.ts';
import { runQctl } from '../support/qctl.ts';
import { startRedis } from '../support/redis.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { fencesOf } from './page-commands.ts';

/** Where the commands of a page are typed: servers that hold what the page speaks of, and a folder with files. */
export interface World {
  folder: string;
  redis: Redis;
  /** What the commands find in their environment. */
  env: Record<string, string>;
  /** Fills what is asked for; a page names what it needs. */
  has: Record<Part, () => Promise<void>>;
  /** Runs a command in the folder, with a file of it as stdin where one is named. */
  run(args: string[], setting?: CommandSetting, input?: string): Promise<CommandEnd>;
  close(): Promise<void>;
}

const CONFIGURATION = `
profiles:
  default:
    sources:
      alerts: { kind: postgres, url: "\${DATABASE_URL}", table: public.alerts, ready: "state = 'pending'", key: agent_id,
                type: rule, priority: severity, enqueuedAt: created_at, stream: alerts }
      reports: { kind: celery, url: "\${CELERY_BROKER_URL}", queue: reports, stream: jobs }
      webhooks: { kind: sqs, queueUrl: "\${SQS_QUEUE_URL}", region: us-east-1, stream: webhooks }
    streams:
      orders: { group: workers, minIdle: 5m, maxDeliveries: 3, deadLetter: "orders:dead" }
      alerts: { group: alerters }
    breakers:
      wazuh-api: { failureThreshold: 5, openTime: 60s }
      mail: { failureThreshold: 5, openTime: 60s }
    maintain: { claim: true, deadLetter: true }
    alerts:
      channels: { night: { kind: command, run: ["true"] } }
      rules:
        - { name: orders-deep, metric: stream.length, with: { stream: orders }, failure: value > 1000 }
`;

/** The servers, empty, and a qctl.yaml that speaks of what the parts fill. */
export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'qctl-pages-'));
  writeFileSync(join(folder, 'qctl.yaml'), CONFIGURATION);
  const server = await startRedis();
  const redis = new Redis(server.url);
  const database = await sharedPostgres().createDatabase();
  const sqs = sharedSqs();
  const env: Record<string, string> = {
    REDIS_URL: server.url,
    DATABASE_URL: database,
    SQS_QUEUE_URL: await sqs.createQueue(uniqueName('none')),
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_REGION: 'us-east-1',
    CELERY_BROKER_URL: server.url,
    HOME: folder,
    SHELL: '/bin/bash',
    QCTL_STATE_DIR: join(folder, 'state'),
  };
  const parts = Object.entries(PARTS).map(([name, fill]) => [
    name,
    async () => fill({ url: server.url, redis, env, folder, database }),
  ]);
  return {
    folder,
    redis,
    env,
    has: Object.fromEntries(parts) as World['has'],
    async run(args, setting = {}, input) {
      if (input === undefined) return runCommand(args, { ...setting, env: { ...env, ...setting.env } });
      const options = { cwd: folder, env, input: readFileSync(join(folder, input)) };
      const { code, stdout, stderr } = await runQctl(args, options);
      return { code: code ?? -1, stdout, stderr };
    },
    async close() {
      redis.disconnect();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Ends {
  url: string;
  redis: Redis;
  env: Record<string, string>;
  folder: string;
  database: string;
}

const PARTS = {
  orders: ({ url }: Ends) => fillOrders(url),
  async deadLetters({ redis }: Ends) {
    for (let n = 0; n < 14; n += 1)
      await redis.xadd('orders:dead', '*', ...['id', n, 'body', '{}', 'qctl.stream', 'orders']);
  },
  async alerts({ database }: Ends) {
    await fillAlerts(database, 120);
  },
  /** As its page makes it. */
  async outbox({ database }: Ends) {
    const { text } = fencesOf(readFileSync(FIRST_DRAIN, 'utf8')).find(({ language }) => language === 'sql')!;
    const name = new URL(database).pathname.slice(1);
    await sharedPostgres().query(`${text}\n${ROWS}`, undefined, name);
  },
  async webhooks({ env }: Ends) {
    const { queueUrl } = await sendWebhooks(sharedSqs(), uniqueName('webhooks'), 30);
    env.SQS_QUEUE_URL = queueUrl;
  },
  async results({ redis }: Ends) {
    for (const stream of ['results', 'results-shadow'])
      for (let n = 0; n < 20; n += 1)
        await redis.xadd(stream, '*', 'body', JSON.stringify({ orderId: n, score: n / 7, computedAt: n }));
  },
  async jobs({ database }: Ends) {
    const boss = new PgBoss({ connectionString: database, schedule: false, supervise: false });
    await boss.start();
    await boss.createQueue('emails');
    for (let n = 0; n < 5; n += 1) await boss.send('emails', { n });
    await boss.stop({ graceful: false });
  },
  async huge({ redis }: Ends) {
    await redis.xgroup('CREATE', 'huge', 'workers', '0', 'MKSTREAM');
  },
  async tasks({ redis }: Ends) {
    for (const queue of ['celery', 'reports'])
      for (let n = 0; n < 3; n += 1) await redis.lpush(queue, envelope({ routingKey: queue }));
  },
  async due({ redis }: Ends) {
    await putAside(redis, 'orders', [{ id: 'later', dueMs: Date.now() - 1000 }]);
  },
  async audit({ redis }: Ends) {
    await redis.xadd('qctl:audit', '*', 'action', 'breaker.trip');
  },
  async files({ folder }: Ends) {
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
    write('keys.txt', '4711\n4712\n');
    write('token', 'a-token-that-nobody-guesses-0123456789\n');
    write('profile.yaml', PROFILE);
    write('cutover.yaml', PLAN);
  },
};

const FIRST_DRAIN = new URL('../../docs/first-drain.md', import.meta.url);
const ROWS = `INSERT INTO notification_outbox (account_id, channel, message, delivery_status, send_after)
  SELECT n % 7, 'mail', '{}', CASE n % 5 WHEN 0 THEN 'delivered' ELSE 'queued' END,
         CASE n WHEN 1 THEN now() + interval '2 hours' END FROM generate_series(1, 60) n`;

/** What a page may ask for. */
export type Part = keyof typeof PARTS;

const PROFILE = `
name: our evening
target: { kind: redis }
arrivals: [{ constant: 100/s, for: 300ms }]
payload: { sizes: { 64: 1 } }
thresholds: ['lost == 0']
`;

const PLAN = `
apiVersion: qctl/v1
name: night
steps:
  - { name: backlog, drain: { source: alerts, stream: alerts, group: alerters, until: backlog } }
  - { name: live, route: { name: alerts, percent: [50, 100] } }
rollback: { budget: 30m }
`;
