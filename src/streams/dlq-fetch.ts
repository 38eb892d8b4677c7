import type { RedisConnection } from '../backends/redis/index.ts';
import type { Field } from '../model/entry.ts';
import type { DeadLetterStream } from './dead-letters.ts';
import type { DeadLetterChoice } from './dlq-filter.ts';
import type { DeadLetter } from './dlq-letter.ts';
import { chooseDeadLetters } from './dlq-scan.ts';
import { pairsOf } from './pending-entries.ts';
import { page, type Work } from './work.ts';

/** A dead letter with everything that stands in its entry. */
export interface WholeDeadLetter extends DeadLetter {
  /** All fields in their order, those that qctl put before the original ones included. */
  fields: Field[];
}

/** So much is read at once. */
const BATCH = { letters: 500, bytes: 1_000_000 };

/**
 * The dead letters that are chosen, whole and one by one, about a megabyte in memory at a time. What is
 * gone by the time it is read is left out.
 *
 * @param bound the last id to look at
 */
export async function* readDeadLetters(
  redis: RedisConnection,
  dead: DeadLetterStream,
  choice: DeadLetterChoice,
  bound: string,
  work: Work,
): AsyncGenerator<WholeDeadLetter> {
  for await (const { seen, letters } of chooseDeadLetters(redis, dead, choice, bound, work)) {
    const inOnePiece = choice.ids === undefined && letters.length === seen;
    for (const batch of inBatches(letters)) yield* await fetch(redis, batch, inOnePiece, work);
  }
}

/** The whole entries of letters that somebody has looked at already. */
export async function readWhole(
  redis: RedisConnection,
  letters: readonly DeadLetter[],
  work: Work,
): Promise<WholeDeadLetter[]> {
  const whole: WholeDeadLetter[] = [];
  for (const batch of inBatches(letters)) whole.push(...(await fetch(redis, batch, false, work)));
  return whole;
}

function* inBatches(letters: readonly DeadLetter[]): Generator<DeadLetter[]> {
  let batch: DeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    batch.push(letter);
    bytes += letter.payloadBytes;
    if (batch.length < BATCH.letters && bytes < BATCH.bytes) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

type RawEntry = [id: Buffer, fields: Buffer[]];

async function fetch(
  redis: RedisConnection,
  letters: readonly DeadLetter[],
  inOnePiece: boolean,
  work: Work,
): Promise<WholeDeadLetter[]> {
  work.signal.throwIfAborted();
  const read = (stream: string, from: string, to: string) =>
    redis.client.callBuffer('XRANGE', stream, from, to) as Promise<RawEntry[]>;
  const [first, last] = [letters[0]!, letters.at(-1)!];
  const entries = await page(redis, work, `read the dead letters of ${first.stream}`, async () =>
    inOnePiece
      ? read(first.stream, first.id, last.id)
      : (await Promise.all(letters.map(({ stream, id }) => read(stream, id, id)))).flat(),
  );
  const byId = new Map(entries.map(([id, fields]) => [id.toString(), pairsOf(fields)]));
  return letters.flatMap((letter) => {
    const fields = byId.get(letter.id);
    return fields ? [{ ...letter, fields }] : [];
  });
}

/** The fields of the original entry; all of them where another program made the dead letter. */
export function originalFields(fields: readonly Field[]): Field[] {
  const [first] = fields;
  const own =
    first?.[0].equals(OWN_FIELDS) && /^\d+$/.test(first[1].toString('latin1')) ? Number(first[1]) : 0;
  return fields.slice(own < fields.length ? own : 0);
}

const OWN_FIELDS = Buffer.from('dlq.fields');
