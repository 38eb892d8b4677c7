import type { RedisConnection } from '../../src/backends/redis/index.ts';
import type { StreamConfig } from '../../src/config/schema.ts';
import {
  claimPending,
  type DeadLetter,
  type DeadLetterChoice,
  type DeadLetterStream,
  planReplay,
  type ReplayReport,
  type ReplayRequest,
  readDeadLetters,
  replayDeadLetters,
  requireFacts,
  resolveDeadLetters,
  surveyDeadLetters,
  type WholeDeadLetter,
} from '../../src/streams/index.ts';
import { fillPending, type PendingRow } from '../support/pending.ts';

/** Work that nobody stops. */
export const work = { signal: new AbortController().signal, waiting: () => undefined };

/** No id is greater. */
const LAST = '18446744073709551615-18446744073709551615';

/** Everything there is. */
export const ALL: DeadLetterChoice = { filter: {} };

export type Streams = Record<string, StreamConfig>;

/** Adds entries, delivers them and makes dead letters of all of them, as `qctl claim` does. */
export async function killAll(
  redis: RedisConnection,
  stream: string,
  rows: readonly Omit<PendingRow, 'consumer'>[],
  { deadLetter = `${stream}:dead`, group = 'workers', reason = 'max-deliveries' } = {},
): Promise<void> {
  await fillPending(
    redis.client,
    stream,
    group,
    rows.map((row) => ({ deliveries: 3, ...row, consumer: 'w1' })),
  );
  const legacy = (await requireFacts(redis, stream)).maxDeletedId === null;
  const report = await claimPending(
    redis,
    { stream, group, to: 'w2', minIdleMs: 0, maxDeliveries: 1, deadLetter, reason, legacy },
    work,
  );
  if (report.deadLettered !== rows.length) throw new Error(`only ${report.deadLettered} died`);
}

/** An entry of some other program. */
export async function addLetter(
  redis: RedisConnection,
  stream: string,
  id: string,
  fields: Record<string, string>,
): Promise<string> {
  return (await redis.client.call('XADD', stream, id, ...Object.entries(fields).flat())) as string;
}

/** The dead-letter stream that one argument means. */
export async function deadOf(
  redis: RedisConnection,
  argument: string,
  streams: Streams = {},
  given?: string,
): Promise<DeadLetterStream> {
  const [dead, ...others] = await resolveDeadLetters(redis, streams, argument, given);
  if (others.length > 0) throw new Error(`${argument} means several`);
  return dead!;
}

/** All dead letters of a stream, whole. */
export async function lettersOf(
  redis: RedisConnection,
  dead: DeadLetterStream,
  choice: DeadLetterChoice = ALL,
): Promise<WholeDeadLetter[]> {
  const letters: WholeDeadLetter[] = [];
  for await (const letter of readDeadLetters(redis, dead, choice, LAST, work)) letters.push(letter);
  return letters;
}

/** What a survey chooses, in its order. */
export async function chosenOf(
  redis: RedisConnection,
  streams: readonly DeadLetterStream[],
  choice: DeadLetterChoice,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  await surveyDeadLetters(redis, streams, choice, work, { letter: (_dead, letter) => letters.push(letter) });
  return letters;
}

/** Plan and replay in one go; the time it took is left out. */
export async function replay(
  redis: RedisConnection,
  request: Partial<ReplayRequest> & Pick<ReplayRequest, 'streams'>,
): Promise<Omit<ReplayReport, 'elapsedMs'>> {
  const prepared = await planReplay(redis, { choice: ALL, create: false, ...request }, work);
  const { elapsedMs: _elapsedMs, ...report } = await replayDeadLetters(redis, prepared, work);
  return report;
}

/** A report in which nothing happened but this. */
export function replayed(more: Partial<ReplayReport>): Omit<ReplayReport, 'elapsedMs'> {
  return {
    ...{ chosen: 0, replayed: 0, targets: [], gone: 0, retryCountKept: 0, tooManyFields: 0 },
    ...{ tooManyFieldsIds: [], missing: 0, left: 0, moves: null, stopped: false, failure: null, ...more },
  };
}

/** Names and values as text. */
export function textOf(fields: readonly Buffer[]): string[] {
  return fields.map(String);
}
