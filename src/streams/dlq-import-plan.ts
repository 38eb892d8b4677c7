import { createHash, type Hash } from 'node:crypto';
import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import { asking } from './asking.ts';
import { readImportLines } from './dlq-import-lines.ts';
import { refuseRemoved, refuseStanding } from './dlq-import-refusals.ts';
import { readFacts } from './facts.ts';
import { requireWritable } from './writable.ts';

/** An export that is to be imported. */
export interface ImportRequest {
  /** For people: the name of the file. */
  name: string;
  /** Its lines, uncompressed, from the start; called twice. */
  open(): AsyncIterable<Buffer>;
  /** Instead of the dead-letter stream that each line names. */
  to?: string;
  /** What is there already is appended once more. */
  again: boolean;
  /** A half-finished import goes on although what it had appended is gone. */
  goOn?: boolean;
  /** Aborted by the operator. */
  signal: AbortSignal;
}

/** What of an export goes to one stream. */
export interface ImportShare {
  stream: string;
  /** Lines of the export. */
  entries: number;
  /** Of these appended by an earlier import of the same lines, which may have been cut short. */
  importedBefore: number;
  /** Entries in the stream, of whatever origin. */
  lengthBefore: number;
}

/** What an import would do. */
export interface ImportPlan {
  file: string;
  entries: number;
  toAppend: number;
  streams: ImportShare[];
}

/** The note of how far the lines of one stream have come. */
export interface ImportMark {
  key: string;
  /** At this number it counts as none; null where it counts whatever it is. */
  anewAt: number | null;
}

/** A plan and what carrying it out needs besides. */
export interface PreparedImport {
  request: ImportRequest;
  plan: ImportPlan;
  /** By stream. */
  marks: ReadonlyMap<string, ImportMark>;
}

/** The lines for one stream, before anybody has looked there. */
interface Counted {
  stream: string;
  entries: number;
  hash: Hash;
  /** Of the first lines that were taken from the stream that they go to. */
  ids: string[];
}

const MOST_STREAMS = 1000;
/** So many lines of a stream are looked for where they came from. */
const MOST_IDS = 100;

/**
 * Checks every line and looks at the streams; changes nothing. Throws `refused` where a line is no dead
 * letter, where the lines still stand in the stream, and where what was imported of them is gone.
 */
export async function planImport(redis: RedisConnection, request: ImportRequest): Promise<PreparedImport> {
  const marks = new Map<string, ImportMark>();
  const streams: ImportShare[] = [];
  for (const counted of (await countLines(request)).values()) {
    const { share, mark } = await planShare(redis, request, counted);
    marks.set(share.stream, mark);
    streams.push(share);
  }
  await checkRights(redis, marks);
  const sum = (of: (share: ImportShare) => number): number =>
    streams.reduce((all, share) => all + of(share), 0);
  const plan: ImportPlan = {
    file: request.name,
    entries: sum(({ entries }) => entries),
    toAppend: sum(({ entries, importedBefore }) => entries - importedBefore),
    streams,
  };
  return { request, plan, marks };
}

async function planShare(
  redis: RedisConnection,
  request: ImportRequest,
  { stream, entries, hash, ids }: Counted,
): Promise<{ share: ImportShare; mark: ImportMark }> {
  const { again, goOn = false } = request;
  const key = streamKeys(stream).imported(hash.digest('hex'));
  const lengthBefore = (await readFacts(redis, stream))?.length ?? 0;
  const noted = Number((await asking(redis, `read ${key}`, () => redis.client.get(key))) ?? 0);
  const half = noted > 0 && noted < entries;
  const removed = half && lengthBefore < noted;
  if (removed && !again && !goOn) throw refuseRemoved(request.name, { stream, entries, noted, lengthBefore });
  if (noted === 0 && !again) await refuseStanding(redis, request, stream, ids);
  const anew = again && (removed || noted === entries);
  const share = { stream, entries, importedBefore: anew ? 0 : noted, lengthBefore };
  const anewAt = removed ? noted : entries;
  return { share, mark: { key, anewAt: again && share.importedBefore === 0 ? anewAt : null } };
}

async function countLines(request: ImportRequest): Promise<Map<string, Counted>> {
  const { name, open, to, signal } = request;
  const counted = new Map<string, Counted>();
  for await (const { stream, id, bytes } of readImportLines(open(), name)) {
    signal.throwIfAborted();
    const target = to ?? stream;
    const share = counted.get(target) ?? emptyShare(target);
    counted.set(target, share);
    share.entries += 1;
    share.hash.update(bytes).update('\n');
    if (stream === target && id !== null && share.ids.length < MOST_IDS) share.ids.push(id);
    if (counted.size > MOST_STREAMS) throw tooManyStreams(name);
  }
  return counted;
}

function emptyShare(stream: string): Counted {
  return { stream, entries: 0, hash: createHash('sha256'), ids: [] };
}

function tooManyStreams(name: string): QctlError {
  return new QctlError('refused', `${name} names more than ${MOST_STREAMS} streams`, {
    code: 'IMPORT_STREAMS',
    hint: ['name one stream for all with --to'],
  });
}

async function checkRights(redis: RedisConnection, marks: ReadonlyMap<string, ImportMark>): Promise<void> {
  const commands = [...marks].slice(0, 10).flatMap(([stream, { key }]) => [
    { command: 'xadd', args: [stream, '*', 'a', 'b'] },
    { command: 'set', args: [key, '0'] },
  ]);
  await requireWritable(redis, 'import dead letters', commands);
}
