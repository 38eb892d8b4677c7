import { isRetryable, type RedisConnection, replyCode, toTargetError } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import type { Field } from '../model/entry.ts';
import { shellWord } from '../model/shell-word.ts';
import { compareStreamIds, parseStreamId } from '../model/stream-id.ts';
import { readFacts } from './facts.ts';
import { streamMissing } from './names.ts';

/** One entry to be added. */
export interface AddRequest {
  stream: string;
  /** `*` has Redis give one out, `5-*` its second half (Redis 7.0 and newer). */
  id: string;
  fields: readonly Field[];
  /** Makes the stream where there is none. */
  create: boolean;
}

/** Throws `usage` BAD_ID where a text is no id that an entry can be given. */
export function checkNewId(id: string): void {
  if (id === '*' || /^\d{1,20}-\*$/.test(id) || parseStreamId(id)) return;
  throw new QctlError('usage', `${id} is no id of an entry`, {
    code: 'BAD_ID',
    hint: ['leave it out: Redis gives one out by its clock', 'or write one such as 1763721600000-0'],
    details: { id },
  });
}

/** Throws `failed` ID_TOO_SMALL where a stream that has given out `lastGeneratedId` would refuse an id. */
export function checkAboveLast(stream: string, id: string, lastGeneratedId: string): void {
  if (!parseStreamId(id)) return;
  if (compareStreamIds(id, lastGeneratedId) <= 0) throw idTooSmall(stream, id, lastGeneratedId);
}

function idTooSmall(stream: string, id: string, lastGeneratedId: string): QctlError {
  return new QctlError(
    'failed',
    `id ${id} is not above the last id of stream ${stream}, ${lastGeneratedId}`,
    {
      code: 'ID_TOO_SMALL',
      hint: ['leave the id out: Redis gives one out by its clock'],
      details: { stream, id, lastGeneratedId },
    },
  );
}

/**
 * Adds one entry and returns its id. It is sent once: after a lost connection the error says that it may
 * have been added. Throws `failed` STREAM_MISSING where there is no stream and none is to be made, and
 * ID_TOO_SMALL where the stream is past the id.
 */
export async function addEntry(redis: RedisConnection, request: AddRequest): Promise<string> {
  const { stream, id, fields, create } = request;
  const args = [stream, ...(create ? [] : ['NOMKSTREAM']), id, ...fields.flat()];
  let added: Buffer | null;
  try {
    added = (await redis.client.callBuffer('XADD', ...args)) as Buffer | null;
  } catch (error) {
    throw await explain(redis, request, error);
  }
  if (added === null) throw await streamMissing(redis, stream);
  return added.toString();
}

async function explain(redis: RedisConnection, { stream, id }: AddRequest, error: unknown): Promise<unknown> {
  if (error instanceof Error && TOO_SMALL.test(error.message)) {
    const facts = await readFacts(redis, stream);
    return idTooSmall(stream, id, facts?.lastGeneratedId ?? '0-0');
  }
  const translated = toTargetError(error, redis.label, `add to stream ${stream}`);
  const lost = isRetryable(error, redis.kind) !== undefined && replyCode(error) === '';
  if (lost)
    translated.hint.push(
      `it may have been added: look with 'qctl stream tail ${shellWord(stream)}' before it is sent again`,
    );
  return translated;
}

const TOO_SMALL = /ID specified in XADD (is equal or smaller|must be greater)/;
