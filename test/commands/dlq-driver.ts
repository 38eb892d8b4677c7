import { Redis } from 'ioredis';
import { startRedis } from '../support/redis.ts';
import { type CommandEnd, type CommandSetting, runCommand } from './run-command.ts';

const HOUR = 3_600_000;
/** A little more than whole hours, so that an age stays the same while a test runs. */
const AGE_MS = 10_000;

/** A Redis of its own, so that streams can have names that stand in a test. */
export interface DlqServer {
  url: string;
  redis: Redis;
  /** An id of so many hours and a little more ago. */
  idAt(hours: number, seq?: number): string;
  /** A dead letter of `orders` as qctl makes them; gives back its id. */
  die(hours: number, more?: Partial<Dead>): Promise<string>;
  /** Empties the server, makes stream `orders` with group `workers`, and takes the time anew. */
  reset(): Promise<void>;
  /** Runs a line; the words are parted by single blanks. */
  run(line: string | string[], setting?: CommandSetting): Promise<CommandEnd>;
  stop(): Promise<void>;
}

interface Dead {
  stream: string;
  dead: string;
  reason: string;
  group: string;
  fields: string[];
}

export async function startDlqServer(): Promise<DlqServer> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  let now = 0;
  let added = 0;
  const idAt = (hours: number, seq = 0): string => `${now - hours * HOUR - AGE_MS}-${seq}`;
  const isoAt = (hours: number): string => new Date(now - hours * HOUR - AGE_MS).toISOString();
  /** Ids and times are the same each time, and as wide as they were. */
  const still = (text: string): string =>
    text
      .replace(/\b(\d{13})-(\d+)/g, (whole, ms, seq) => {
        const hours = (now - AGE_MS - Number(ms)) / HOUR;
        return Number.isInteger(hours) ? `HOURS-AGO-${String(hours).padStart(3, '0')}-${seq}` : whole;
      })
      .replace(/\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?Z/g, (time) => {
        const hours = (now - AGE_MS - Date.parse(time)) / HOUR;
        return Number.isInteger(hours) ? `TIME-HOURS-AGO-${String(hours).padStart(9, '0')}` : time;
      })
      .replaceAll(server.url, 'redis://HOST')
      .replace(/(time +)[\d.]+m?s$/gm, '$1TIME')
      .replace(/^done in [\d.]+m?s$/gm, 'done in TIME')
      .replace(/("elapsedMs": ?)\d+/g, '$10');
  return {
    ...{ url: server.url, redis, idAt },
    async die(hours, more = {}) {
      const given = {
        stream: 'orders',
        dead: 'orders:dead',
        reason: 'max-deliveries',
        group: 'workers',
        ...more,
      };
      const { fields = ['id', `m${hours}`, 'body', 'x'.repeat(20), 'type', 'created'] } = more;
      const own = [
        ...[
          'dlq.reason',
          given.reason,
          'dlq.stream',
          given.stream,
          'dlq.id',
          '1-1',
          'dlq.group',
          given.group,
        ],
        ...['dlq.consumer', 'w1', 'dlq.deliveries', '3', 'dlq.firstSeenAt', isoAt(hours + 1)],
        ...['dlq.lastDeliveredAt', isoAt(hours), 'dlq.deadAt', isoAt(hours)],
      ];
      added += 1;
      return (await redis.xadd(given.dead, idAt(hours, added), 'dlq.fields', '10', ...own, ...fields))!;
    },
    async reset() {
      await redis.flushall();
      const [seconds] = await redis.time();
      now = Number(seconds) * 1000;
      added = 0;
      await redis.xgroup('CREATE', 'orders', 'workers', '$', 'MKSTREAM');
    },
    async run(line, setting = {}) {
      const argv = typeof line === 'string' ? line.split(' ') : line;
      const end = await runCommand(argv, { url: server.url, ...setting });
      return { ...end, stdout: still(end.stdout), stderr: still(end.stderr) };
    },
    async stop() {
      redis.disconnect();
      await server.stop();
    },
  };
}

/** The table in a pipe and on a terminal, one after the other; on a terminal the answer is yes. */
export async function onBoth(
  server: DlqServer,
  line: string | string[],
  prepare: () => Promise<unknown>,
): Promise<[pipe: CommandEnd, terminal: CommandEnd]> {
  await prepare();
  const pipe = await server.run(line);
  await prepare();
  return [pipe, await server.run(line, { columns: 100 })];
}
