import type { RedisConnection } from '../backends/redis/index.ts';
import { judgeLag, type ManyFacts, readManyFacts, type StreamFacts } from '../streams/index.ts';

/** Lags that Redis does not know are counted up to so many entries, and no more than this in one look. */
const COUNTED_EACH = 1000;
const COUNTED_ALL = 20_000;
/** A stream that this user may not read is asked for again after so long. */
const DENIED_MS = 10_000;

/**
 * Looks at all streams again and again. What lies behind the positions of groups costs as much as all else together,
 * and stays the same while nobody adds, removes or reads: in streams that were quiet it is looked at again only once
 * something has happened there.
 */
export class QuietStreams {
  #before = new Map<string, StreamFacts>();
  #quiet = new Set<string>();
  /** One of them would have all streams of its script looked at one by one. */
  #denied = new Set<string>();
  #deniedAt = 0;

  /** See {@link readManyFacts}. */
  async look(
    redis: RedisConnection,
    names: readonly string[],
    { memory, heard }: { memory: boolean; heard: () => void },
  ): Promise<ManyFacts> {
    if (performance.now() - this.#deniedAt > DENIED_MS) this.#denied.clear();
    const allowed = names.filter((name) => !this.#denied.has(name));
    const counting = { memory, heard, countEach: COUNTED_EACH, countAll: COUNTED_ALL };
    const quiet = await readManyFacts(
      redis,
      allowed.filter((name) => this.#quiet.has(name)),
      { memory, heard },
    );
    const same = quiet.facts.filter((facts) => isSame(this.#before.get(facts.stream), facts));
    const known = new Map(same.map((facts) => [facts.stream, this.#withCounts(facts)]));
    const active = await readManyFacts(
      redis,
      allowed.filter((name) => !known.has(name)),
      counting,
    );
    const facts = [...known.values(), ...active.facts].sort((a, b) => (a.stream < b.stream ? -1 : 1));
    this.#remember(facts);
    this.#refuse(active.denied);
    return { facts, denied: names.filter((name) => this.#denied.has(name)) };
  }

  /** The server is another one, or began anew. */
  forget(): void {
    this.#before.clear();
    this.#quiet.clear();
    this.#denied.clear();
  }

  #refuse(denied: readonly string[]): void {
    if (denied.length > 0 && this.#denied.size === 0) this.#deniedAt = performance.now();
    for (const name of denied) this.#denied.add(name);
  }

  #withCounts(facts: StreamFacts): StreamFacts {
    const counts = new Map(
      this.#before.get(facts.stream)!.groups.map(({ group, counted }) => [group, counted]),
    );
    return {
      ...facts,
      groups: facts.groups.map((group) => ({ ...group, counted: counts.get(group.group) })),
    };
  }

  #remember(facts: readonly StreamFacts[]): void {
    const quiet = facts.filter((one) => isSame(this.#before.get(one.stream), one) && !isCutShort(one));
    this.#quiet = new Set(quiet.map(({ stream }) => stream));
    this.#before = new Map(facts.map((one) => [one.stream, one]));
  }
}

/** An entry more gives a greater last id, an entry less alone a smaller length: then the same entries lie there. */
function isSame(before: StreamFacts | undefined, now: StreamFacts): boolean {
  return (
    before !== undefined &&
    before.length === now.length &&
    before.lastGeneratedId === now.lastGeneratedId &&
    before.firstId === now.firstId &&
    before.groups.length === now.groups.length &&
    before.groups.every(({ group, lastDeliveredId }, nth) => {
      const other = now.groups[nth]!;
      return other.group === group && other.lastDeliveredId === lastDeliveredId;
    })
  );
}

/** The count ended because so much was counted elsewhere: there may be time for it at the next look. */
function isCutShort(facts: StreamFacts): boolean {
  return facts.groups.some(
    (group) =>
      (group.counted?.count ?? COUNTED_EACH) < COUNTED_EACH && judgeLag(facts, group).how === 'bound',
  );
}
