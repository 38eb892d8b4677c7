import { hostname } from 'node:os';
import { createMeasure, type MetricDoors } from '../metrics/index.ts';
import { pause } from '../model/patience.ts';
import { SEND_TIMES, type SendTimes } from './deliveries.ts';
import type { AlertEvent } from './events.ts';
import { FileAlertStore } from './file-store.ts';
import { RedisAlertStore } from './redis-store.ts';
import { closeRemoved, REMOVED_AFTER_MS } from './removed.ts';
import { type AlertPlan, type AlertRule, isOwnView } from './rule.ts';
import { RuleLook } from './rule-look.ts';
import { Stores } from './stores.ts';

/** What alerts may touch. */
export interface AlertDoors extends MetricDoors {
  /** Where states are kept while Redis is away. It is made where it is not there. */
  stateFolder: string;
  /** Name of this host in messages. Default: its own. */
  host?: string;
}

/** How an {@link AlertRunner} works. */
export interface AlertRunnerOptions {
  /** Told of what this process does. Must not throw. */
  onEvent?(event: AlertEvent): void;
  times?: Partial<SendTimes>;
  /** So long nobody must have looked at a rule that is in the configuration no more. */
  removedAfterMs?: number;
}

/** One look at all rules. */
export interface LookReport {
  /** Rules that this process has measured. */
  measured: number;
  /** Messages that were sent. */
  sent: number;
  /** Messages that could not be sent, and are tried again. */
  failed: number;
}

/** Measurements under way at once. */
const AT_ONCE = 8;
/** So often somebody looks at least whether there is something to be sent. */
const LONGEST_PAUSE_MS = 5000;
const SHORTEST_PAUSE_MS = 20;
const AFTER_ERROR_MS = 5000;
const REMOVED_EVERY_MS = 60_000;

/**
 * Looks at the rules of a plan, each at its interval, and tells the channels. Any number of these may run at once, on
 * any host, beside {@link AlertRunner.lookOnce} from cron: each rule is measured by one of them, each message is sent by
 * one of them. A process that is killed between sending and noting it has its message sent again by another.
 */
export class AlertRunner {
  readonly #plan: AlertPlan;
  readonly #options: AlertRunnerOptions;
  readonly #looks: RuleLook[];
  readonly #stores: Stores;
  readonly #stopping = new AbortController();
  readonly #hardStop = new AbortController();
  readonly #delivering = new Map<RuleLook, Promise<unknown>>();
  readonly #report: LookReport = { measured: 0, sent: 0, failed: 0 };
  #loops: Promise<unknown> = Promise.resolve();
  #free = AT_ONCE;
  readonly #waiting: (() => void)[] = [];

  constructor(plan: AlertPlan, doors: AlertDoors, options: AlertRunnerOptions = {}) {
    const host = doors.host ?? hostname();
    this.#plan = plan;
    this.#options = options;
    const files = new FileAlertStore(doors.stateFolder, plan.id, (text) => this.#note(text));
    this.#stores = new Stores(new RedisAlertStore(() => doors.redis()), files, host, {
      away: ({ reason }) => this.#tell({ type: 'alert-store', away: reason, at: now() }),
      back: () => this.#tell({ type: 'alert-store', away: null, at: now() }),
    });
    const parts = {
      plan,
      stores: this.#stores,
      measure: createMeasure(doors),
      env: doors.env,
      sender: { host, profile: plan.profile },
      times: { ...SEND_TIMES, ...options.times },
      tell: (event: AlertEvent) => this.#tell(event),
      stop: this.#stopping.signal,
      hardStop: this.#hardStop.signal,
    };
    this.#looks = plan.rules.map((rule) => new RuleLook(rule, parts));
  }

  /** One look at all rules that are due; resolves once everybody was told, or could not be. Throws what Redis refuses. */
  async lookOnce(): Promise<LookReport> {
    await this.#closeRemoved();
    // Those that tell whether Redis is there go first: nothing else is known of it then.
    for (const own of [true, false]) {
      const looks = this.#looks.filter(({ rule }) => isOwnView(rule) === own);
      const ends = await Promise.allSettled(looks.map((look) => this.#once(look)));
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw failed.reason;
    }
    return { ...this.#report };
  }

  async #once(look: RuleLook): Promise<void> {
    await this.#limited(() => look.look(true));
    await look.deliver();
  }

  /** Begins to look. What Redis refuses for good is told as a note, and tried again. */
  start(): void {
    this.#loops = Promise.all([...this.#looks.map((look) => this.#loop(look)), this.#removing()]);
  }

  /**
   * Ends; resolves once nothing is under way any more. Messages that are being sent are waited for, each within its
   * time limit.
   *
   * @param hard they are not: somebody else sends them again once their lease is over
   */
  async stop({ hard = false } = {}): Promise<void> {
    this.#stopping.abort();
    if (hard) this.#hardStop.abort();
    await this.#loops;
    await Promise.all(this.#delivering.values());
  }

  async #loop(look: RuleLook): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waitMs = await this.#turn(look);
      await pause(Math.min(Math.max(waitMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS), signal);
    }
  }

  async #turn(look: RuleLook): Promise<number> {
    try {
      const waitMs = await this.#limited(() => look.look());
      this.#deliver(look);
      return waitMs;
    } catch (error) {
      this.#note(`${look.rule.name}: ${textOf(error)}`);
      return AFTER_ERROR_MS;
    }
  }

  /** A receiver that takes its time holds up no measurement. */
  #deliver(look: RuleLook): void {
    if (this.#delivering.has(look) || this.#stopping.signal.aborted) return;
    const delivered = look
      .deliver()
      .catch((error) => this.#hardStop.signal.aborted || this.#note(`${look.rule.name}: ${textOf(error)}`))
      .finally(() => this.#delivering.delete(look));
    this.#delivering.set(look, delivered);
  }

  async #removing(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#closeRemoved().catch((error) => this.#note(textOf(error)));
      await pause(REMOVED_EVERY_MS, signal);
    }
  }

  #closeRemoved(): Promise<void> {
    const { removedAfterMs = REMOVED_AFTER_MS } = this.#options;
    return closeRemoved(this.#plan, this.#stores, removedAfterMs, (rule) =>
      this.#tell({ type: 'alert-removed', rule, at: now() }),
    );
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #tell(event: AlertEvent): void {
    if (event.type === 'alert-measured') this.#report.measured += 1;
    if (event.type === 'alert-message') this.#report[event.error === null ? 'sent' : 'failed'] += 1;
    this.#options.onEvent?.(event);
  }

  #note(text: string): void {
    this.#tell({ type: 'alert-note', text, at: now() });
  }
}

/** Rules of a plan by how they are named, for whoever wants one of them. */
export function findRule(plan: AlertPlan, name: string): AlertRule | undefined {
  return plan.rules.find((rule) => rule.name === name);
}

function now(): string {
  return new Date().toISOString();
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
