import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { countRange } from '../backends/redis/scripts/count-range.ts';
import type { Field } from '../model/entry.ts';

/** What stands in the stream under an id. */
export interface EntryContent {
  gone: boolean;
  payloadBytes: number | null;
  fields: Field[] | null;
}

/** Looks ids up in a stream, in their order; the bodies come along only where they are wanted. */
export async function describeEntries(
  redis: RedisConnection,
  stream: string,
  ids: readonly string[],
  bodies: boolean,
): Promise<EntryContent[]> {
  const contents: EntryContent[] = [];
  // One after the other where bodies come along: a hundred at once may be a hundred megabytes in the socket.
  const atOnce = bodies ? 1 : 100;
  for (let at = 0; at < ids.length; at += atOnce) {
    const some = ids.slice(at, at + atOnce);
    contents.push(...(await Promise.all(some.map((id) => describe(redis, stream, id, bodies)))));
  }
  return contents;
}

const GONE: EntryContent = { gone: true, payloadBytes: null, fields: null };

async function describe(
  { client }: RedisConnection,
  stream: string,
  id: string,
  bodies: boolean,
): Promise<EntryContent> {
  if (!bodies) {
    const [count, , payloadBytes] = (await runScript(client, countRange, [stream], [id, id, 1])) as [
      number,
      string,
      number,
    ];
    return count === 0 ? GONE : { gone: false, payloadBytes, fields: null };
  }
  const [entry] = (await client.callBuffer('XRANGE', stream, id, id)) as [Buffer, Buffer[]][];
  if (!entry) return GONE;
  const fields = pairsOf(entry[1]);
  const payloadBytes = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return { gone: false, payloadBytes, fields };
}

/** Names and values as Redis lists them, in pairs. */
export function pairsOf(flat: readonly Buffer[]): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) fields.push([flat[at]!, flat[at + 1]!]);
  return fields;
}
