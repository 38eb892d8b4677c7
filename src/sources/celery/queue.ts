import type { RedisOptions } from '../../backends/redis/index.ts';
import type { Finding } from '../../model/finding.ts';
import type { Message } from '../../model/message.ts';
import type { Judged } from '../../transform/filter.ts';
import type { Depth, LaneReader } from '../source.ts';
import { Broker } from './broker.ts';
import { forgetRun, heldBy, othersClaims } from './claims.ts';
import { queueFindings, refuseMissingRights } from './findings.ts';
import { Holding } from './holding.ts';
import { celeryTypes, checkTypes } from './key-types.ts';
import { type CeleryKeys, celeryKeys } from './keys.ts';
import { readQueue } from './pages.ts';
import { Picker } from './picker.ts';
import { CeleryReader } from './reader.ts';
import { compileSelection } from './selection.ts';
import type { CelerySpec } from './spec.ts';
import { readUnacked } from './unacked.ts';

/** What {@link CelerySource.reader} needs to know. */
export interface CeleryReaderChoice {
  run: string;
  lane: number;
  /** Messages that one append writes. */
  batch: number;
  /** Only to give back what the run holds. */
  lenient?: boolean;
}

/** A larger queue is not read from end to end only to say how much of it is not due. */
const MOST_LOOKED_AT = 20_000;
/** Messages of each list whose size stands for that of all. */
const SAMPLED = 50;

/** One queue of a Celery application whose broker is Redis, looked at. */
export class CelerySource {
  readonly label: string;
  readonly identity: string;
  readonly findings: Finding[];
  readonly broker: Broker;
  readonly keys: CeleryKeys;
  readonly spec: CelerySpec;
  /** Number of the broker's database. */
  readonly database: number;
  private readonly judge: ((message: Message) => Judged) | undefined;

  private constructor(broker: Broker, keys: CeleryKeys, spec: CelerySpec, findings: Finding[]) {
    this.broker = broker;
    this.keys = keys;
    this.spec = spec;
    this.findings = findings;
    this.database = databaseOf(broker.label);
    this.judge = compileSelection(spec);
    this.label = `celery queue ${spec.prefix}${spec.queue} of ${broker.label}`;
    // Whoever connects: the user in the URL is no part of what the queue is.
    this.identity = `celery:${broker.label.replace(/\/\/[^@/]*@/, '//')}/${spec.prefix}${spec.queue}`;
  }

  /** Connects and makes sure that it is a queue, without the findings of a drain: takes the right to read alone. */
  static async look(options: RedisOptions, spec: CelerySpec): Promise<CelerySource> {
    return CelerySource.connect(options, spec, async (broker, keys) => {
      await checkTypes(broker, celeryTypes(keys));
      return [];
    });
  }

  /**
   * Connects and looks at the queue. Changes nothing.
   *
   * @throws QctlError `source` where the broker is away or a key is not Celery's, `auth`, `config`
   */
  static open(options: RedisOptions, spec: CelerySpec): Promise<CelerySource> {
    return CelerySource.connect(options, spec, async (broker, keys) => {
      await refuseMissingRights(broker, keys, spec);
      await checkTypes(broker, [...celeryTypes(keys), [keys.claims, 'hash']]);
      return queueFindings(broker, keys, spec, databaseOf(broker.label));
    });
  }

  private static async connect(
    options: RedisOptions,
    spec: CelerySpec,
    find: (broker: Broker, keys: CeleryKeys) => Promise<Finding[]>,
  ): Promise<CelerySource> {
    const broker = await Broker.connect(options);
    const keys = celeryKeys(spec);
    try {
      return new CelerySource(broker, keys, spec, await find(broker, keys));
    } catch (error) {
      await broker.close();
      throw error;
    }
  }

  /** Exact, but for what is not wanted: that shows in the messages alone, which are all read then. */
  async depth(run?: string): Promise<Depth> {
    const [ready, unacked, held] = await Promise.all([
      this.ready(),
      readUnacked(this.broker, this.keys, this.spec),
      run === undefined ? 0 : heldBy(this.broker, this.keys, run),
    ]);
    return {
      ...ready,
      inFlight: unacked?.length ?? null,
      delayed: null,
      ...(run !== undefined && { held }),
    };
  }

  private async ready(): Promise<Pick<Depth, 'ready' | 'unmatched' | 'unevaluated'>> {
    if (this.judge) return this.judged(this.judge);
    const lengths = await this.lengths();
    return { ready: lengths.reduce((sum, length) => sum + length, 0) };
  }

  /** How many messages each list holds. */
  lengths(): Promise<number[]> {
    return this.broker.ask('count the queue', (client) =>
      Promise.all(this.keys.lists.map((key) => client.llen(key))),
    );
  }

  private async judged(
    judge: (message: Message) => Judged,
  ): Promise<Pick<Depth, 'ready' | 'unmatched' | 'unevaluated'>> {
    const counts = { matched: 0, unmatched: 0, unevaluated: 0 };
    let example: string | undefined;
    for await (const { message } of readQueue(this.broker, this.keys.lists)) {
      const judged = judge(message);
      counts[judged] += 1;
      if (judged === 'unevaluated') example ??= message.id;
    }
    const { matched, unmatched, unevaluated } = counts;
    return {
      ready: matched,
      unmatched,
      ...(example !== undefined && { unevaluated: { count: unevaluated, example } }),
    };
  }

  /** About, by a few messages of each list; null where there are none. */
  async averageBytes(): Promise<number | null> {
    let [count, sum] = [0, 0];
    for await (const { bytes } of readQueue(this.broker, this.keys.lists, SAMPLED)) {
      count += 1;
      sum += bytes;
    }
    return count === 0 ? null : sum / count;
  }

  /**
   * How many have an eta after `nowMs`. Workers hold most of those; in the queue are the ones that nobody has
   * fetched.
   *
   * @param all also where a large queue has to be read for it; else null is given then
   */
  async scheduled(nowMs: number, all: boolean): Promise<number | null> {
    const lengths = await this.lengths();
    if (!all && lengths.reduce((sum, length) => sum + length, 0) > MOST_LOOKED_AT) return null;
    let count = 0;
    for await (const { message } of readQueue(this.broker, this.keys.lists)) {
      if (message.notBefore === undefined || Date.parse(message.notBefore) <= nowMs) continue;
      if (this.wants(message)) count += 1;
    }
    return count;
  }

  /** Whether a drain takes it. */
  wants(message: Message): boolean {
    return (this.judge?.(message) ?? 'matched') === 'matched';
  }

  /** What other runs hold of this queue; `replaced` is a run that is about to be closed. */
  othersClaims(run: string, replaced?: string): Promise<Finding[]> {
    return othersClaims(this.broker, this.keys, run, replaced);
  }

  /** Forgets `run` in the broker, once it holds nothing any more. May be repeated. */
  endRun(run: string): Promise<void> {
    return forgetRun(this.broker, this.keys, run);
  }

  /** The reader of the one lane that there is. */
  reader({ run, lane, batch, lenient = false }: CeleryReaderChoice): LaneReader {
    const { broker, keys, judge } = this;
    const holding = new Holding(broker, keys, run);
    const picker = judge && new Picker(broker, holding, keys.lists, judge);
    return new CeleryReader({ lane, holding, lists: keys.lists.length, batch, picker, lenient });
  }

  close(): Promise<void> {
    return this.broker.close();
  }
}

/** The label ends in the number of the database: `redis://host:6379/1`, `unix:///path?db=1`. */
function databaseOf(label: string): number {
  return Number(/(\d+)$/.exec(label)?.[1] ?? 0);
}
