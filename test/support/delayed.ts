import type { Cluster, Redis } from 'ioredis';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { streamKeys } from '../../src/model/keys.ts';
import { packRows } from '../../src/model/packed.ts';
import { RedisStreamSink } from '../../src/sinks/index.ts';
import { DueMover, moveAllDue } from '../../src/streams/index.ts';
import { QUIET } from '../../src/streams/work.ts';
import type { Entries } from '../../src/transform/pack.ts';

/** A message that is put aside until it is due. */
export interface LaterMessage {
  id: string;
  dueMs: number;
  body?: Buffer | string;
}

const NOTHING = packRows([], []);

/** Messages as the packer hands them on. */
export function laterEntries(messages: readonly LaterMessage[]): Entries {
  const rows = messages.map(({ id, body = `body of ${id}` }) => ['id', id, 'body', body]);
  const delayed = {
    rows: packRows([], rows),
    ids: messages.map(({ id }) => id),
    dueMs: messages.map(({ dueMs }) => dueMs),
    keys: null,
  };
  return {
    rows: NOTHING,
    count: 0,
    ids: [],
    keys: null,
    quarantined: NOTHING,
    quarantinedIds: [],
    delayed,
    bytes: 1,
  };
}

/** A sink as a drain of run `run` has it. */
export function sinkInto(
  client: Redis | Cluster,
  stream: string,
  run: string,
  partitions = 1,
): RedisStreamSink {
  return new RedisStreamSink({
    client,
    label: 'test',
    stream,
    partitions,
    run,
    ledgerRun: run,
    constants: ['source', 'jobs', 'run', run],
    durability: { kind: 'memory' },
    windowMs: 3_600_000,
    patience: { waiting: () => undefined, signal: new AbortController().signal },
    targetNow: () => Date.now(),
  });
}

/** Makes the time of all that waits for a stream come, and moves it there. */
export async function moveAsIfDue(url: string, stream: string): Promise<void> {
  const redis = await connectRedis({ url });
  try {
    const { delayed } = streamKeys(stream);
    const members = await redis.client.zrange(delayed, '0', '-1');
    for (const [i, member] of members.entries()) await redis.client.zadd(delayed, 'XX', i + 1, member);
    const mover = new DueMover(redis, stream);
    await moveAllDue(mover, QUIET);
    await mover.close();
  } finally {
    await redis.close();
  }
}

/** Puts messages aside as a drain does, some hundred at a time. */
export async function putAside(
  client: Redis | Cluster,
  stream: string,
  messages: readonly LaterMessage[],
  { run = 'run-1', partitions = 1 } = {},
): Promise<void> {
  const sink = sinkInto(client, stream, run, partitions);
  for (let at = 0; at < messages.length; at += 500) {
    const mark = { kind: 'ledger' as const, deadlineMs: Date.now() + 60_000 };
    await sink.append(laterEntries(messages.slice(at, at + 500)), mark);
  }
}
