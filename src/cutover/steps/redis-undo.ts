import type { RedisConnection } from '../../backends/redis/index.ts';

/** What is needed to take one command back, and to see whether it still is to be taken back. Bytes are base64. */
export type Taken =
  | { kind: 'read' }
  /** `dump` null: there was no such key. */
  | { kind: 'key'; key: string; dump: string | null; expiresAt: number; written: string }
  | { kind: 'fields'; key: string; fields: { name: string; before: string | null; written: string | null }[] }
  | { kind: 'group'; key: string; group: string; stream: boolean; there: boolean };

/** How one kind of command is recognised. */
type Shape = { kind: 'key' | 'fields' | 'group' };

/** The commands whose undo needs no telling. */
export function shapeOf(command: readonly string[]): Shape | undefined {
  const name = command[0]!.toLowerCase();
  const rest = command.slice(1);
  if (name === 'set' && rest.length >= 2 && !rest.slice(2).some((word) => /^(get|nx|xx|if)/i.test(word)))
    return { kind: 'key' };
  if (name === 'hset' && rest.length >= 3 && rest.length % 2 === 1) return { kind: 'fields' };
  if (name === 'hdel' && rest.length >= 2) return { kind: 'fields' };
  return name === 'xgroup' && rest[0]?.toLowerCase() === 'create' && rest.length >= 4
    ? { kind: 'group' }
    : undefined;
}

/** Reads what would bring things back. */
export async function takeDown({ client }: RedisConnection, command: readonly string[]): Promise<Taken> {
  const shape = shapeOf(command)?.kind;
  const key = command[shape === 'group' ? 2 : 1]!;
  if (shape === 'key') {
    const dump = await client.dumpBuffer(key);
    const ttl = dump === null ? -1 : await client.pttl(key);
    const expiresAt = ttl >= 0 ? Date.now() + ttl : 0;
    return {
      kind: 'key',
      key,
      dump: dump?.toString('base64') ?? null,
      expiresAt,
      written: base64(command[2]!),
    };
  }
  if (shape === 'fields') return { kind: 'fields', key, fields: await fieldsOf(client, key, command) };
  if (shape !== 'group') return { kind: 'read' };
  const stream = (await client.exists(key)) === 1;
  return {
    kind: 'group',
    key,
    group: command[3]!,
    stream,
    there: stream && (await hasGroup(client, key, command[3]!)),
  };
}

type Client = RedisConnection['client'];

async function fieldsOf(client: Client, key: string, command: readonly string[]) {
  const sets = command[0]!.toLowerCase() === 'hset';
  const fields: { name: string; before: string | null; written: string | null }[] = [];
  for (let at = 2; at < command.length; at += sets ? 2 : 1) {
    const before = await client.hgetBuffer(key, command[at]!);
    const written = sets ? base64(command[at + 1]!) : null;
    fields.push({ name: command[at]!, before: before?.toString('base64') ?? null, written });
  }
  return fields;
}

/** Whether a command has been carried out already; undefined: it cannot be seen. */
export async function isDone(
  { client }: RedisConnection,
  command: readonly string[],
): Promise<boolean | undefined> {
  const shape = shapeOf(command)?.kind;
  // With an option, an expiry for one, an equal value is not all of it.
  if (shape === 'key')
    return command.length === 3 && (await textOf(client, command[1]!)) === base64(command[2]!);
  if (shape === 'group')
    return (await client.exists(command[2]!)) === 1 && hasGroup(client, command[2]!, command[3]!);
  if (shape !== 'fields') return undefined;
  const fields = await fieldsOf(client, command[1]!, command);
  return fields.every(({ before, written }) => before === written);
}

/** What could not be taken back, and what is left over. */
export interface PutBack {
  changed: string[];
  left: string[];
}

/** Puts back what is still as it was written; what others have changed since is left and named. */
export async function putBack({ client }: RedisConnection, taken: Taken, outcome: PutBack): Promise<void> {
  if (taken.kind === 'key') return putKey(client, taken, outcome);
  if (taken.kind === 'group') return dropGroup(client, taken, outcome);
  if (taken.kind !== 'fields') return;
  for (const { name, before, written } of taken.fields) {
    const now = (await client.hgetBuffer(taken.key, name))?.toString('base64') ?? null;
    if (now === before) continue;
    if (now !== written) outcome.changed.push(`${taken.key} ${name}`);
    else if (before === null) await client.hdel(taken.key, name);
    else await client.hset(taken.key, name, Buffer.from(before, 'base64'));
  }
}

async function putKey(
  client: Client,
  taken: Extract<Taken, { kind: 'key' }>,
  outcome: PutBack,
): Promise<void> {
  const { key, dump, expiresAt, written } = taken;
  const now = await client.dumpBuffer(key);
  if ((now?.toString('base64') ?? null) === dump) {
    // A dump does not hold the expiry.
    if (now !== null) await (expiresAt === 0 ? client.persist(key) : client.pexpireat(key, expiresAt));
    return;
  }
  if (now !== null && (await textOf(client, key)) !== written) {
    outcome.changed.push(key);
    return;
  }
  const ttl = expiresAt === 0 ? 0 : expiresAt - Date.now();
  if (dump === null || ttl < 0) await client.del(key);
  else await client.restore(key, ttl, Buffer.from(dump, 'base64'), 'REPLACE');
}

/**
 * A group of which anything may have been read stays: it knows what is finished, and without it all of the stream
 * would count as unfinished.
 */
async function dropGroup(
  client: Client,
  taken: Extract<Taken, { kind: 'group' }>,
  { left }: PutBack,
): Promise<void> {
  const { key, group, stream, there } = taken;
  if (there) return;
  const consumers = (await client.exists(key)) === 1 ? await consumersOf(client, key, group) : undefined;
  if (consumers !== undefined && (consumers > 0 || (await client.xlen(key)) > 0)) {
    left.push(`group ${group} of ${key} stays: it knows what is finished`);
    return;
  }
  if (consumers !== undefined) await client.xgroup('DESTROY', key, group);
  if (!stream && (await client.exists(key)) === 1)
    left.push(`stream ${key} was made with the group and stays`);
}

/** How many it has; undefined where there is no such group. */
async function consumersOf(client: Client, key: string, group: string): Promise<number | undefined> {
  const groups = (await client.xinfo('GROUPS', key)) as (string | number)[][];
  const own = groups.find((facts) => facts[1] === group);
  return own && Number(own[own.indexOf('consumers') + 1]);
}

/** Of a key that holds no text, null. */
async function textOf(client: Client, key: string): Promise<string | null> {
  if ((await client.type(key)) !== 'string') return null;
  return (await client.getBuffer(key))?.toString('base64') ?? null;
}

async function hasGroup(client: Client, key: string, group: string): Promise<boolean> {
  const groups = (await client.xinfo('GROUPS', key)) as string[][];
  return groups.some((facts) => facts[1] === group);
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}
