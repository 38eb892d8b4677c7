import { isRetryable, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type BreakerEvent, nextEvents } from '../../src/breaker/index.ts';
import { type Patience, patiently } from '../../src/model/patience.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { patientWork } from '../stream-work.ts';
import { drained } from '../term/drained.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { lookAtChosen, type ShownBreaker } from './chosen.ts';
import { eventLine, lineOf } from './event-text.ts';
import { paintOf } from './format-list.ts';
import { wantedBy } from './history.ts';
import { Standings } from './standings.ts';
import { breakerToJson, eventToJson } from './to-json.ts';
import { clauseOf, overText } from './wording.ts';

const BLOCK_MS = 1000;
/** On a cluster an event may come twice; so many are remembered. */
const REMEMBERED = 10_000;

/** Prints breakers as they stand, and then what happens to them. */
export class EventFollower {
  readonly #context: Context;
  readonly #names: readonly string[];
  /** For the reads that wait. */
  readonly #own: RedisConnection;
  readonly #standings = new Standings();
  readonly #told = new Set<string>();

  private constructor(context: Context, names: readonly string[], own: RedisConnection) {
    this.#context = context;
    this.#names = names;
    this.#own = own;
  }

  /**
   * Connects, so that from the first line on a Redis that goes away is waited for. Throws as `connectRedis` does.
   * The connection is closed at the signal, and when the command has ended.
   */
  static async open(context: Context, names: readonly string[]): Promise<EventFollower> {
    const own = await (await context.redis()).duplicate();
    context.onCleanup(() => own.close());
    // A read that waits must not keep whoever wants to stop waiting.
    context.signal.addEventListener('abort', () => void own.close(), { once: true });
    return new EventFollower(context, names, own);
  }

  /** Prints those that stand otherwise than what was printed so far lets expect. */
  async showAll(breakers: readonly ShownBreaker[]): Promise<void> {
    this.#standings.keep(breakers);
    for (const one of breakers) if (this.#standings.isNews(one)) await this.#show(one);
  }

  /** Prints each event behind this id, until the signal comes or nobody reads any more. */
  async follow(behind: string): Promise<void> {
    const { io, signal } = this.#context;
    let last = behind;
    let away = false;
    const work = patientWork(this.#context, true);
    const waiting = (who: string, reason: string | null): void => {
      away ||= reason !== null;
      work.waiting(who, reason);
    };
    try {
      while (!signal.aborted && !io.stdout.closed) {
        const events = await this.#next(last, { ...work, waiting });
        last = events.at(-1)?.id ?? last;
        for (const event of events) await this.#tell(event);
        if (away || this.#standings.overdue().length > 0) await this.#lookAgain();
        away = false;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #next(behind: string, patience: Patience): Promise<BreakerEvent[]> {
    const { signal } = patience;
    const own = this.#own;
    const reasonOf = (error: unknown) => (signal.aborted ? undefined : isRetryable(error, own.kind));
    const blockMs = Math.min(BLOCK_MS, Math.ceil(this.#standings.dueInMs()));
    return askRedis(own, 'follow the events of the circuit breakers', () =>
      patiently(patience, 'Redis', reasonOf, () => nextEvents(own, behind, blockMs)),
    );
  }

  async #tell(event: BreakerEvent): Promise<void> {
    const name = `${event.seq} ${event.atMs} ${event.breaker}`;
    if (this.#told.has(name) || wantedBy(this.#names)?.(event.breaker) === false) return;
    if (this.#told.size >= REMEMBERED) this.#told.clear();
    this.#told.add(name);
    this.#standings.apply(event);
    await this.#print(
      () => eventLine(this.#context.io.stdout, event),
      () => ({ type: 'breaker-event', ...eventToJson(event) }),
    );
  }

  /** After Redis was away, and where an override should be over: what is not told must not go unnoticed. */
  async #lookAgain(): Promise<void> {
    const chosen = await lookAtChosen(this.#context, this.#names).catch((error) => {
      // The next round waits for it, and says why.
      if (isRetryable(error) === undefined) throw error;
    });
    if (chosen) await this.showAll(chosen.breakers);
  }

  async #show(one: ShownBreaker): Promise<void> {
    this.#standings.note(one);
    const text = one.lapsedOverride ? `${clauseOf(one)}; ${overText(one.lapsedOverride)}` : clauseOf(one);
    const paint = one.lapsedOverride ? 'yellow' : paintOf(one);
    await this.#print(
      () => lineOf(this.#context.io.stdout, one.nowMs, one.name, text, paint),
      () => ({ type: 'breaker', ...breakerToJson(one) }),
    );
  }

  async #print(text: () => string, json: () => object): Promise<void> {
    const { io, options } = this.#context;
    io.stdout.write(options.output === 'ndjson' ? formatNdjson(json()) : text());
    await drained(io.stdout);
  }
}
