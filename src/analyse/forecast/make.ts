import type { RedisConnection } from '../../backends/redis/index.ts';
import type { PostgresSpec } from '../../drain/index.ts';
import { isQctlError } from '../../errors.ts';
import type { MoveAnalysis } from '../analysis.ts';
import type { SourceLook } from '../look.ts';
import type { RedisServerFacts } from '../redis/facts.ts';
import type { MoveRequest } from '../request.ts';
import { forecastCalls } from './calls.ts';
import type { Forecast } from './forecast.ts';
import { forecastMemory, type MemoryForecast } from './memory.ts';
import { type Pace, queuePace, tablePace, yardstick } from './pace.ts';
import { probeTable } from './probe-table.ts';
import type { SampledEntry } from './sample.ts';

/** A look at any source. */
export type AnyLook = SourceLook<NonNullable<MoveAnalysis['source']>>;

/** Where a move goes; null where there is no Redis to go to. */
export interface Destination {
  redis: RedisConnection;
  server: RedisServerFacts;
}

/** What the move will take. */
export async function makeForecast(
  move: MoveRequest,
  look: AnyLook,
  sample: readonly SampledEntry[],
  to: Destination | null,
): Promise<Forecast> {
  const { source, target } = move;
  const messages = look.backlog.value;
  const memory = messages === null ? null : memoryOf(move, sample, messages, to);
  const pace = to && target ? await paceOf(move, look, to) : null;
  return {
    messages,
    memory,
    freeBytes: to && freeBytes(to.server),
    pace,
    durationMs: durationOf(move, look, pace),
    calls: source?.kind === 'sqs' && messages !== null ? forecastCalls(messages, sample) : null,
  };
}

function memoryOf(
  { source, target }: MoveRequest,
  sample: readonly SampledEntry[],
  messages: number,
  to: Destination | null,
): MemoryForecast | null {
  const layout = {
    nodeMaxBytes: to?.server.streamNodeMaxBytes ?? null,
    nodeMaxEntries: to?.server.streamNodeMaxEntries ?? null,
    allocator: to?.server.allocator ?? null,
  };
  return forecastMemory(sample, messages, layout, {
    partitions: target?.partitions ?? 1,
    ledger: source?.kind === 'sqs',
  });
}

/** What is left below `maxmemory`, else what the host has; on a cluster of the fullest master. */
export function freeBytes(server: RedisServerFacts): number | null {
  const { maxmemoryBytes, usedMemoryBytes, systemMemoryBytes } = server;
  const limit = maxmemoryBytes || systemMemoryBytes;
  return limit === null || usedMemoryBytes === null ? null : Math.max(0, limit - usedMemoryBytes);
}

/** Null where it cannot be measured: a source without rows, or a Redis that does not let this user run scripts. */
async function paceOf(
  { source, target, settings }: MoveRequest,
  { facts, sample }: AnyLook,
  { redis }: Destination,
): Promise<Pace | null> {
  if (facts.kind === 'sqs')
    return queuePace(
      {
        roundTripMs: facts.roundTripMs,
        receivers: settings.receivers?.max ?? settings.workers,
        fifo: facts.type === 'fifo',
        highThroughput: facts.highThroughput,
      },
      yardstick(),
    );
  if (source?.kind !== 'postgres' || !target) return null;
  const { spec } = source;
  try {
    const probed = await probeTable(source, settings, { redis, stream: target.stream }, sample);
    return probed && tablePace(probed, wayOf(spec), probed.serverYardstickMs);
  } catch (error) {
    if (isQctlError(error)) throw error;
    return null;
  }
}

/** How rows are taken, and let go of. */
function wayOf({ mode, claim, done }: PostgresSpec): 'copy' | 'move' | 'update' | 'claim' {
  if (mode === 'copy') return 'copy';
  if (claim) return 'claim';
  return 'set' in done ? 'update' : 'move';
}

/** Messages a second that were seen to arrive. Times of enqueueing alone do not tell a steady stream from one load. */
export function observedArrival({ facts, arrivalPerSecond }: AnyLook): number | null {
  return facts.kind === 'postgres' && facts.observedMs === null ? null : arrivalPerSecond;
}

/** Start, plan and report, in ms. */
const AROUND_MS = 300;

/** With what arrives meanwhile; null where that is as much as is drained. */
function durationOf({ settings }: MoveRequest, look: AnyLook, pace: Pace | null): number | null {
  const messages = look.backlog.value;
  if (messages === null || !pace) return null;
  const perSecond = pace.perSecond - Math.max(0, observedArrival(look) ?? 0);
  if (perSecond <= 0) return null;
  // A queue must stay empty for a while to count as empty; a table shows that at once.
  const watched = look.facts.kind === 'sqs' ? settings.settleMs : 0;
  const verified = settings.verify && pace.verifiedPerSecond ? messages / pace.verifiedPerSecond : 0;
  return Math.round((messages / perSecond + verified) * 1000) + watched + AROUND_MS;
}
