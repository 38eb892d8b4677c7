import { createHash, type Hash } from 'node:crypto';
import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import { asking } from './asking.ts';
import { readImportLines } from './dlq-import-lines.ts';
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

/** A plan and what carrying it out needs besides. */
export interface PreparedImport {
  request: ImportRequest;
  plan: ImportPlan;
  /** By stream: the key that says how far its lines have come. */
  marks: ReadonlyMap<string, string>;
}

const MOST_STREAMS = 1000;

/** Checks every line and looks at the streams; changes nothing. Throws `refused` where a line is no dead letter. */
export async function planImport(redis: RedisConnection, request: ImportRequest): Promise<PreparedImport> {
  const counted = await countLines(request);
  const marks = new Map<string, string>();
  const streams: ImportShare[] = [];
  for (const [stream, { entries, hash }] of counted) {
    const mark = streamKeys(stream).imported(hash.digest('hex'));
    marks.set(stream, mark);
    const facts = await readFacts(redis, stream);
    const noted = Number((await asking(redis, `read ${mark}`, () => redis.client.get(mark))) ?? 0);
    const importedBefore = request.again && noted === entries ? 0 : noted;
    streams.push({ stream, entries, importedBefore, lengthBefore: facts?.length ?? 0 });
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

async function countLines({
  name,
  open,
  to,
  signal,
}: ImportRequest): Promise<Map<string, { entries: number; hash: Hash }>> {
  const counted = new Map<string, { entries: number; hash: Hash }>();
  for await (const { stream, bytes } of readImportLines(open(), name)) {
    signal.throwIfAborted();
    const target = to ?? stream;
    const share = counted.get(target) ?? { entries: 0, hash: createHash('sha256') };
    counted.set(target, share);
    share.entries += 1;
    share.hash.update(bytes).update('\n');
    if (counted.size > MOST_STREAMS) throw tooManyStreams(name);
  }
  return counted;
}

function tooManyStreams(name: string): QctlError {
  return new QctlError('refused', `${name} names more than ${MOST_STREAMS} streams`, {
    code: 'IMPORT_STREAMS',
    hint: ['name one stream for all with --to'],
  });
}

async function checkRights(redis: RedisConnection, marks: ReadonlyMap<string, string>): Promise<void> {
  const commands = [...marks].slice(0, 10).flatMap(([stream, mark]) => [
    { command: 'xadd', args: [stream, '*', 'a', 'b'] },
    { command: 'set', args: [mark, '0'] },
  ]);
  await requireWritable(redis, 'import dead letters', commands);
}
