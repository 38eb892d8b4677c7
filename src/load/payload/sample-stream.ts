import { type Field, fieldOf, fieldsToJson } from '../../model/entry.ts';
import {
  existingStreams,
  resolveStreams,
  startOfNewest,
  tailEntries,
  type Work,
} from '../../streams/index.ts';
import type { LoadDoors } from '../run-types.ts';
import type { SampleLimits } from './sample.ts';

/**
 * The newest entries of a stream, or of all partitions of one: of each its body, else all its fields as a JSON object.
 * Reads in pages that are bounded in bytes, and changes nothing.
 */
export async function sampleStream(
  stream: string,
  limits: SampleLimits,
  doors: LoadDoors,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const redis = await doors.redis();
  const work: Work = { signal, waiting: () => undefined };
  const { streams } = await doors.config();
  const found = await existingStreams(redis, await resolveStreams(redis, streams, stream));
  const facts = found.map((one) => one.facts);
  const newest = await startOfNewest(redis, facts, limits.count, work);
  const starts = facts.flatMap(({ stream: name, lastId }) =>
    newest.has(name) ? [{ stream: name, from: newest.get(name)!, to: lastId! }] : [],
  );
  if (starts.length === 0) return [];
  const names = new Map(found.map(({ facts: { stream: name }, settings }) => [name, settings.entry.body]));
  const bodies: Buffer[] = [];
  let bytes = 0;
  for await (const entries of tailEntries(redis, { starts, follow: false, limit: limits.count }, work)) {
    for (const entry of entries) {
      bodies.push(bodyIn(entry.fields, names.get(entry.stream)!));
      bytes += bodies.at(-1)!.length;
    }
    if (bytes >= limits.bytes) break;
  }
  return bodies;
}

function bodyIn(fields: readonly Field[], name: string): Buffer {
  return fieldOf(fields, name) ?? Buffer.from(JSON.stringify(fieldsToJson(fields)));
}
