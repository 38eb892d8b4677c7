import type { RedisConnection } from '../../backends/redis/index.ts';
import { partitionKeys } from '../../model/keys.ts';
import { closeConsumers } from '../../sources/redis-stream/index.ts';
import { CHECKPOINT_TTL_MS, letKeptExpire } from '../expiry.ts';
import type { Meter } from '../meter.ts';
import type { Ending } from '../report.ts';
import type { RunStore } from '../run-store.ts';
import { keptOf } from './attach.ts';
import { isOwnConsumer } from './consumers-check.ts';
import type { Seen } from './lane-tools.ts';
import { type GroupLook, lookAtGroup } from './look.ts';
import type { OpenBack } from './open.ts';
import { type BackReport, makeBackReport } from './report.ts';
import type { BackSource } from './request.ts';
import { readBackTotals } from './totals.ts';

/** Looks at both sides once more, judges the run and notes its end. `alive`: processes still at work on it. */
export async function concludeBack(
  back: OpenBack,
  store: RunStore,
  meter: Meter,
  seen: Seen,
  ending: Ending,
  alive: number,
): Promise<BackReport> {
  const { redis, request, attachment, destination } = back;
  const { manifest } = attachment;
  const last = alive === 0;
  if (last) await takeConsumersAway(back);
  const totals = await readBackTotals(redis.client, manifest);
  const look = last && request.settings.verify ? await lookAtGroup(redis, request.source) : undefined;
  const remaining = look ? await remainingOf(redis, request.source, look) : null;
  const waits = remaining !== null && remaining.waiting > 0;
  const done = last && ending === 'empty' && totals.inHand === 0 && totals.left === 0 && !waits;
  if (done) {
    await store.finish(manifest.run, 'done', new Date());
    await letKeptExpire(redis.client, keptOf(manifest), CHECKPOINT_TTL_MS);
  }
  return makeBackReport({
    manifest,
    state: done ? 'done' : alive > 0 ? 'running' : 'stopped',
    totals,
    ending,
    elapsedMs: meter.elapsedMs,
    takenByThisProcess: meter.counts.read,
    alive,
    remaining,
    finished: back.plan.finished,
    destinationCount: request.settings.verify ? await destination.count(manifest.run) : null,
    guarantee: destination.kind === 'postgres' ? 'exactly-once' : 'at-least-once',
    seen,
    findings: back.plan.findings,
    destinationNotes: destination.notes(),
  });
}

async function takeConsumersAway({ redis, request, attachment }: OpenBack): Promise<void> {
  const { target } = attachment.manifest;
  for (const stream of partitionKeys(target.stream, target.partitions))
    await closeConsumers(redis.client, stream, request.source.group).catch((error: Error) => {
      if (!/NOGROUP|no such key/.test(error.message)) throw error;
    });
}

/** Counting ends here. */
const MOST_PAGES = 1000;
const PAGE = 1000;

/** Of what should go back, what this run has not taken. */
export async function remainingOf(
  redis: RedisConnection,
  { stream, partitions, group, from }: Pick<BackSource, 'stream' | 'partitions' | 'group' | 'from'>,
  look: GroupLook,
): Promise<NonNullable<BackReport['remaining']>> {
  let pending = 0;
  for (const key of partitionKeys(stream, partitions))
    if (look.streams.includes(key)) pending += await pendingWithOthers(redis, key, group, from ?? '-');
  return { pending, undelivered: look.undelivered, waiting: look.waiting };
}

async function pendingWithOthers(
  { client }: RedisConnection,
  stream: string,
  group: string,
  from: string,
): Promise<number> {
  let cursor = from;
  let count = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const rows = (await client.call('XPENDING', stream, group, cursor, '+', PAGE)) as [string, string][];
    count += rows.filter(([, consumer]) => !isOwnConsumer(consumer)).length;
    if (rows.length < PAGE) break;
    cursor = `(${rows.at(-1)![0]}`;
  }
  return count;
}
