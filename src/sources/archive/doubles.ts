import { createHash } from 'node:crypto';
import type { Message } from '../../model/message.ts';

/** Ids held in memory at once; a file with more of them is read more often. */
const IDS_A_PASS = 1_000_000;

/** What a first look at an archive shows. */
export interface Census {
  /** Different messages. */
  messages: number;
  /** Ids that stand in it more than once: a crash came between the archive and the source. */
  doubled: Set<string>;
  bytes: number;
  /** Not due yet when the file was opened, each as often as it stands there. */
  scheduled: number;
}

/** Counts the messages of an archive, each once, in bounded memory. */
export async function census(read: () => AsyncIterable<Message>): Promise<Census> {
  let lines = 0;
  let bytes = 0;
  let scheduled = 0;
  const now = Date.now();
  let seen = new Set<string>();
  const doubled = new Set<string>();
  let repeats = 0;
  for await (const { id, body, notBefore } of read()) {
    lines += 1;
    if (notBefore !== undefined && Date.parse(notBefore) > now) scheduled += 1;
    bytes += body?.length ?? 0;
    if (lines > IDS_A_PASS) continue;
    if (seen.has(id)) {
      doubled.add(id);
      repeats += 1;
    } else seen.add(id);
  }
  if (lines <= IDS_A_PASS) return { messages: lines - repeats, doubled, bytes, scheduled };
  repeats = 0;
  doubled.clear();
  const passes = Math.ceil(lines / IDS_A_PASS);
  for (let pass = 0; pass < passes; pass += 1) {
    seen = new Set();
    for await (const { id } of read()) {
      if (partOf(id, passes) !== pass) continue;
      if (!seen.has(id)) seen.add(id);
      else {
        doubled.add(id);
        repeats += 1;
      }
    }
  }
  return { messages: lines - repeats, doubled, bytes, scheduled };
}

/** Each message once, where it stands first. */
export async function* withoutDoubles(
  messages: AsyncIterable<Message>,
  doubled: ReadonlySet<string>,
): AsyncGenerator<Message> {
  const seen = new Set<string>();
  for await (const message of messages) {
    if (doubled.has(message.id)) {
      if (seen.has(message.id)) continue;
      seen.add(message.id);
    }
    yield message;
  }
}

function partOf(id: string, parts: number): number {
  return createHash('md5').update(id).digest().readUInt32BE(0) % parts;
}
