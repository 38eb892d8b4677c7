import { Redis } from 'ioredis';

/** What a source held before the drain. */
export interface Expected {
  id: string;
  body: string;
  /** Messages with the same key must stand in the stream in this order. */
  key?: string;
}

/** What a stream holds, judged against {@link Expected}; every list is empty where all is well. */
export interface Proof {
  exactlyOnce: number;
  problems: string[];
}

/** Reads the whole stream, without qctl, and compares it with what the source held. */
export async function prove(redisUrl: string, stream: string, expected: Expected[]): Promise<Proof> {
  const entries = await readStream(redisUrl, stream);
  const found = new Map<string, string[]>();
  for (const { id, body } of entries) found.set(id!, [...(found.get(id!) ?? []), body!]);
  const once = expected.filter(({ id, body }) => found.get(id)?.length === 1 && found.get(id)![0] === body);
  const problems = [
    count(expected.filter(({ id }) => !found.has(id)).length, 'missing'),
    count(expected.filter(({ id }) => (found.get(id)?.length ?? 0) > 1).length, 'doubled'),
    count(entries.length - once.length, 'that were not sent as they stand there'),
    count(outOfOrder(entries, expected), 'out of order'),
  ].filter((text) => text !== '');
  return { exactlyOnce: once.length, problems };
}

function count(n: number, what: string): string {
  return n === 0 ? '' : `${n} message${n === 1 ? '' : 's'} ${what}`;
}

function outOfOrder(entries: Record<string, string>[], expected: Expected[]): number {
  const place = new Map(expected.map(({ id }, index) => [id, index]));
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { id, key } of entries) {
    const at = place.get(id!) ?? -1;
    if (key === undefined) continue;
    if (at < (last.get(key) ?? -1)) wrong += 1;
    last.set(key, at);
  }
  return wrong;
}

async function readStream(redisUrl: string, key: string): Promise<Record<string, string>[]> {
  const redis = new Redis(redisUrl);
  const entries: Record<string, string>[] = [];
  try {
    for (let from = '-'; ; ) {
      const page = await redis.xrange(key, from, '+', 'COUNT', 1000);
      for (const [, fields] of page) entries.push(toObject(fields));
      if (page.length < 1000) return entries;
      from = `(${page.at(-1)![0]}`;
    }
  } finally {
    redis.disconnect();
  }
}

function toObject(fields: string[]): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]!] as const] : [])),
  );
}

/** Number of keys in Redis. */
export async function countKeys(redisUrl: string): Promise<number> {
  const redis = new Redis(redisUrl);
  try {
    return await redis.dbsize();
  } finally {
    redis.disconnect();
  }
}
