import type { Cluster, Redis } from 'ioredis';
import { waitFor } from './wait.ts';

/** An entry of a pending entries list as a test wants it. */
export interface PendingRow {
  id: string;
  consumer: string;
  /** Default 1 h. */
  idleMs?: number;
  /** Default 1. */
  deliveries?: number;
  /** Names and values. Default `body`, `b<id>`. */
  fields?: (string | Buffer)[];
  /** Deleted after its delivery. */
  gone?: boolean;
}

const PIPELINED = 1000;

/**
 * Adds entries to a stream and hands them to consumers, with idle times and delivery counts as they are
 * given; the group is made where there is none. The ids must rise.
 */
export async function fillPending(
  client: Redis | Cluster,
  stream: string,
  group: string,
  rows: readonly PendingRow[],
): Promise<void> {
  await client.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM').catch(() => 0);
  for (let at = 0; at < rows.length; at += PIPELINED) {
    const some = rows.slice(at, at + PIPELINED);
    await pipelined(
      client,
      some.map(({ id, fields = ['body', `b${id}`] }) => ['XADD', stream, id, ...fields]),
    );
    await pipelined(client, some.map(toClaim(stream, group)));
    await pipelined(
      client,
      some.filter(({ gone }) => gone).map(({ id }) => ['XDEL', stream, id]),
    );
  }
  if (rows.length > 0) await client.call('XGROUP', 'SETID', stream, group, '$');
}

const FILL_MANY = `
redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
local count, first = tonumber(ARGV[3]), redis.call('XINFO', 'STREAM', KEYS[1])[2]
for at = first, first + count - 1, 1000 do
  local ids = {}
  for n = at + 1, math.min(at + 1000, first + count) do
    ids[#ids + 1] = redis.call('XADD', KEYS[1], n .. '-0', 'body', 'x')
  end
  for _, word in ipairs({'IDLE', 3600000, 'FORCE', 'JUSTID'}) do ids[#ids + 1] = word end
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, unpack(ids))
end
redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], '$')`;

/** Very many small entries for one consumer, idle for an hour. Made inside Redis: from here it would take long. */
export async function fillManyPending(
  client: Redis,
  [stream, group, consumer]: [stream: string, group: string, consumer: string],
  count: number,
): Promise<void> {
  await client.eval(FILL_MANY, 1, stream, group, consumer, count);
}

function toClaim(stream: string, group: string): (row: PendingRow) => (string | number)[] {
  return ({ id, consumer, idleMs = 3_600_000, deliveries = 1 }) => {
    const how = ['IDLE', idleMs, 'RETRYCOUNT', deliveries, 'FORCE', 'JUSTID'];
    return ['XCLAIM', stream, group, consumer, 0, id, ...how];
  };
}

async function pipelined(client: Redis | Cluster, commands: (string | number | Buffer)[][]): Promise<void> {
  const pipeline = client.pipeline();
  for (const [name, ...args] of commands) pipeline.call(String(name), ...(args as string[]));
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** What is pending, in the order of the ids. */
export async function pendingOf(
  client: Redis | Cluster,
  stream: string,
  group: string,
): Promise<{ id: string; consumer: string; idleMs: number; deliveries: number }[]> {
  const all: { id: string; consumer: string; idleMs: number; deliveries: number }[] = [];
  for (let from = '-'; ; from = `(${all.at(-1)!.id}`) {
    const rows = (await client.call('XPENDING', stream, group, from, '+', '10000')) as [
      string,
      string,
      number,
      number,
    ][];
    all.push(...rows.map(([id, consumer, idleMs, deliveries]) => ({ id, consumer, idleMs, deliveries })));
    if (rows.length < 10_000) return all;
  }
}

/** All entries of a stream, byte for byte. */
export async function entriesOf(
  client: Redis | Cluster,
  stream: string,
): Promise<{ id: string; fields: Buffer[] }[]> {
  const rows = (await client.callBuffer('XRANGE', stream, '-', '+')) as [Buffer, Buffer[]][];
  return rows.map(([id, fields]) => ({ id: id.toString(), fields }));
}

/** The names of a group's consumers. */
export async function consumersOf(client: Redis | Cluster, stream: string, group: string): Promise<string[]> {
  const rows = (await client.call('XINFO', 'CONSUMERS', stream, group)) as string[][];
  return rows.map((row) => row[1]!).sort();
}

/** Waits until a consumer was not seen for so long. */
export async function untilIdle(
  client: Redis | Cluster,
  [stream, group, consumer]: [stream: string, group: string, consumer: string],
  idleMs: number,
): Promise<void> {
  await waitFor(async () => {
    const rows = (await client.call('XINFO', 'CONSUMERS', stream, group)) as unknown[][];
    const row = rows.find(([, name]) => name === consumer)!;
    return Number(row[row.indexOf('idle') + 1]) >= idleMs;
  });
}
