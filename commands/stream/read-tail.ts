import type { RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type EntryState,
  entryStates,
  type StreamSettings,
  type TailEntry,
  tailEntries,
  type Work,
} from '../../src/streams/index.ts';
import type { Tail } from './open-tail.ts';
import type { TailPrinter } from './tail-printer.ts';

/** An entry with what is known of it. */
export interface ShownEntry extends TailEntry {
  settings: StreamSettings;
  /** Where a group was named. */
  state?: EntryState;
}

/** How {@link readTail} reads. */
export interface ReadOptions {
  /** Only these fields. */
  fields: readonly string[] | undefined;
  printer: TailPrinter;
  work: Work;
}

/** The text of all entries, in pieces. It ends at once at the signal, whatever it waits for. */
export async function* readTail(
  redis: RedisConnection,
  tail: Tail,
  { fields, printer, work }: ReadOptions,
): AsyncGenerator<Buffer> {
  const pages = shownPages(redis, tail, work);
  let text = printer.head;
  let count = 0;
  for await (const page of untilAborted(pages, work.signal)) {
    for (const entry of page) {
      text += printer.entry(chosenFields(entry, fields), count);
      count += 1;
      if (text.length < PIECE) continue;
      yield Buffer.from(text);
      text = '';
    }
    // Whoever follows sees at once what was added.
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text + printer.foot(count));
}

/** Characters: many small entries are written at once, large ones one by one. */
const PIECE = 65_536;

async function* shownPages(
  redis: RedisConnection,
  { request, streams, group }: Tail,
  work: Work,
): AsyncGenerator<ShownEntry[]> {
  const settingsOf = new Map(streams.map(({ settings }) => [settings.stream, settings]));
  for await (const entries of tailEntries(redis, request, work)) {
    const page = entries.map((entry): ShownEntry => ({ ...entry, settings: settingsOf.get(entry.stream)! }));
    if (group !== undefined) await addStates(redis, group, page, work);
    yield page;
  }
}

async function addStates(
  redis: RedisConnection,
  group: string,
  page: readonly ShownEntry[],
  work: Work,
): Promise<void> {
  for (const settings of new Set(page.map((entry) => entry.settings))) {
    const own = page.filter((entry) => entry.settings === settings);
    const ids = own.map(({ id }) => id);
    const states = await entryStates(redis, settings, group, ids, work);
    for (const [at, entry] of own.entries()) entry.state = states[at];
  }
}

function chosenFields(entry: ShownEntry, names: readonly string[] | undefined): ShownEntry {
  if (names === undefined) return entry;
  const wanted = names.map((name) => Buffer.from(name));
  return {
    ...entry,
    fields: entry.fields.filter(([name]) => wanted.some((one) => one.equals(name))),
  };
}

async function* untilAborted<T>(items: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  while (!signal.aborted) {
    const result = await orAborted(items.next(), signal);
    if (!result || result.done) return;
    yield result.value;
  }
}

/** Undefined at the signal. Not by Promise.race, which would keep every page until the signal comes. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
