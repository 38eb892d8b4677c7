import type { RedisConnection } from '../../backends/redis/index.ts';
import type { Field } from '../../model/entry.ts';
import type { Finding } from '../../model/finding.ts';
import type { TakenEntry } from '../../sources/redis-stream/index.ts';
import type { Item } from './destination.ts';
import { sortEntries } from './items.ts';
import type { BackRequest } from './request.ts';

const SAMPLE = 20;

/** A few of the entries that would go back: what they are made into, and what cannot be. */
export interface Sample {
  looked: number;
  items: Item[];
  findings: Finding[];
}

/** Looks at the first pending entries and the first that nobody was given. Changes nothing. */
export async function sampleEntries(
  redis: RedisConnection,
  request: BackRequest,
  streams: string[],
): Promise<Sample> {
  const sample: Sample = { looked: 0, items: [], findings: [] };
  const reasons: string[] = [];
  for (const stream of streams) {
    if (sample.looked >= SAMPLE) break;
    const entries = await entriesOf(redis, request, stream);
    const { items, left } = sortEntries(stream, entries, request.settings.other);
    sample.looked += entries.length;
    sample.items.push(...items);
    reasons.push(...left.map(([id, reason]) => `${id}: ${reason}`));
  }
  if (reasons.length > 0) sample.findings.push(unrecognised(sample.looked, reasons));
  return sample;
}

function unrecognised(looked: number, reasons: string[]): Finding {
  const all = reasons.length === looked;
  return {
    level: all ? 'blocker' : 'warning',
    code: all ? 'NOTHING_RECOGNISED' : 'NOT_ALL_RECOGNISED',
    text: `of ${looked} entries looked at, ${reasons.length} cannot be made messages again; ${reasons[0]}`,
    remedy:
      '--body FIELD takes one field as the body and the others as attributes, --whole the whole entry as JSON; what is left stays pending and is named',
  };
}

async function entriesOf(
  redis: RedisConnection,
  { source: { group, from = '-' } }: BackRequest,
  stream: string,
): Promise<TakenEntry[]> {
  const { client } = redis;
  const pending = (await client.call('XPENDING', stream, group, from, '+', SAMPLE)) as [
    string,
    string,
    number,
    number,
  ][];
  const entries: TakenEntry[] = [];
  for (const [id, owner, , deliveries] of pending) {
    const [found] = await range(redis, stream, id, 1);
    if (found?.id === id) entries.push({ ...found, owner, deliveries });
  }
  const groups = (await client.call('XINFO', 'GROUPS', stream)) as unknown[][];
  const own = groups.find((row) => row[row.indexOf('name') + 1] === group)!;
  const position = String(own[own.indexOf('last-delivered-id') + 1]);
  const unread = await range(redis, stream, `(${position}`, SAMPLE);
  return [...entries, ...unread];
}

async function range(
  { client }: RedisConnection,
  stream: string,
  from: string,
  count: number,
): Promise<TakenEntry[]> {
  const rows = (await client.callBuffer('XRANGE', stream, from, '+', 'COUNT', String(count))) as [
    Buffer,
    Buffer[],
  ][];
  return rows.map(([id, flat]) => {
    const fields: Field[] = [];
    for (let at = 0; at + 1 < flat.length; at += 2) fields.push([flat[at]!, flat[at + 1]!]);
    return { id: id.toString(), owner: '', deliveries: 0, fields };
  });
}
