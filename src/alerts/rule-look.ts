import { randomBytes } from 'node:crypto';
import type { Measure } from '../checks/index.ts';
import { decide, type Found } from './decide.ts';
import {
  type ClaimedDelivery,
  claimNext,
  nextDeliveryMs,
  noteOutcome,
  type SendTimes,
} from './deliveries.ts';
import type { AlertEvent } from './events.ts';
import { isLost, measureRule, takeOn } from './measuring.ts';
import { messageOf, type Sender } from './message.ts';
import type { AlertPlan, AlertRule } from './rule.ts';
import { type SendOutcome, send } from './send.ts';
import { freshState, type Incident, type RuleState } from './state.ts';
import type { Stores } from './stores.ts';

/** What looking at rules needs. */
export interface LookParts {
  plan: AlertPlan;
  stores: Stores;
  measure: Measure;
  env: Readonly<Record<string, string | undefined>>;
  sender: Sender;
  times: SendTimes;
  tell(event: AlertEvent): void;
  /** Ends measurements. */
  stop: AbortSignal;
  /** Ends attempts to send. */
  hardStop: AbortSignal;
}

/** One rule, as one process looks at it again and again. */
export class RuleLook {
  readonly rule: AlertRule;
  readonly #parts: LookParts;
  readonly #token = randomBytes(8).toString('hex');
  #owes = false;

  constructor(rule: AlertRule, parts: LookParts) {
    this.rule = rule;
    this.#parts = parts;
  }

  /**
   * Measures where that is due and nobody else does, and decides.
   *
   * @param early a little before it is due is good enough
   * @returns ms until there is something to be done again
   */
  async look(early = false): Promise<number> {
    const { stores, plan, measure, stop } = this.#parts;
    let seen: { state: RuleState; nowMs: number } | undefined;
    const taken = await stores.update(this.rule, (kept, nowMs) => {
      const state = kept ?? freshState(plan.profile ?? '');
      seen = { state, nowMs };
      const next = takeOn(state, this.rule, this.#token, nowMs, early);
      return next && { state: next, result: null };
    });
    if (!taken) return this.#untilNext(seen!.state, seen!.nowMs);
    const found = await measureRule(this.rule, measure, () => stores.away, stop);
    if (found === undefined) return this.#giveBack();
    const decided = await this.#decide(found);
    return decided ? this.#untilNext(decided.state, decided.nowMs) : this.rule.intervalMs;
  }

  /** It was stopped: others need not wait until its lease is over. */
  async #giveBack(): Promise<number> {
    await this.#parts.stores.update(this.rule, (state, nowMs) =>
      state?.measuring?.token === this.#token
        ? { state: { ...state, measuring: null, dueMs: nowMs }, result: null }
        : undefined,
    );
    return 0;
  }

  async #decide(found: Found) {
    const { stores, plan } = this.#parts;
    let before: RuleState | undefined;
    const decided = await stores.update(this.rule, (kept, nowMs) => {
      // Somebody else has taken it on since, or it was taken on where Redis is away now.
      if (kept?.measuring && kept.measuring.token !== this.#token) return undefined;
      before = kept ?? freshState(plan.profile ?? '');
      const lost = 'error' in found && isLost(this.rule, stores.away);
      return { state: decide(before, this.rule, lost ? { away: found.error } : found, nowMs), result: null };
    });
    if (decided) this.#tellChanges(before!, decided.state, decided.nowMs);
    return decided;
  }

  #untilNext(state: RuleState, nowMs: number): number {
    this.#owes = state.incidents.some(({ owed }) => owed.length > 0);
    const known = (channel: string): boolean => this.#parts.plan.channels.has(channel);
    const dueMs = Math.max(state.dueMs, state.measuring?.untilMs ?? 0);
    return Math.max(0, Math.min(dueMs, nextDeliveryMs(state, known)) - nowMs);
  }

  #tellChanges(before: RuleState, after: RuleState, nowMs: number): void {
    const { tell } = this.#parts;
    const at = new Date(nowMs).toISOString();
    const { value, baseline, outcome, why } = after.last!;
    tell({ type: 'alert-measured', rule: this.rule.name, at, outcome, value, baseline, why });
    for (const incident of after.incidents) {
      const was = before.incidents.find(({ id }) => id === incident.id);
      if (was?.state !== incident.state) this.#tellIncident(incident, at);
    }
    // Of one that nobody is to be told of nothing is kept.
    for (const was of before.incidents) {
      const gone = was.state === 'firing' && !after.incidents.some(({ id }) => id === was.id);
      if (gone) this.#tellIncident({ ...was, state: 'resolved' }, at);
    }
  }

  #tellIncident({ id, kind, state, severity, why }: Incident, at: string): void {
    const facts = { rule: this.rule.name, incident: id, kind, state, severity, why, at };
    this.#parts.tell({ type: 'alert-incident', ...facts });
  }

  /** Sends what is owed and not yet taken on by anybody; each message once. @returns how many could not be sent */
  async deliver(): Promise<number> {
    if (!this.#owes) return 0;
    const sending: Promise<boolean>[] = [];
    for (;;) {
      const claimed = await this.#claim();
      if (!claimed) break;
      const sent = this.#sendOne(claimed.result, claimed.nowMs);
      // Told below, once all are on their way.
      sent.catch(() => undefined);
      sending.push(sent);
    }
    return (await Promise.all(sending)).filter((sent) => !sent).length;
  }

  #claim() {
    const { stores, plan, times } = this.#parts;
    const leaseOf = (name: string): number | undefined => {
      const channel = plan.channels.get(name);
      return channel && channel.timeout + times.graceMs;
    };
    return stores.update(this.rule, (state, nowMs) => {
      const next = state && claimNext(state, this.rule, this.#token, nowMs, leaseOf);
      return next ? { state: next.state, result: next.claimed } : undefined;
    });
  }

  async #sendOne(claimed: ClaimedDelivery, nowMs: number): Promise<boolean> {
    const { plan, sender, env, hardStop } = this.#parts;
    const channel = plan.channels.get(claimed.delivery.channel)!;
    const message = messageOf(this.rule, claimed, sender, nowMs);
    const outcome = await send(channel, message, { env, signal: hardStop });
    await this.#note(claimed, outcome);
    return outcome.error === null;
  }

  async #note(claimed: ClaimedDelivery, outcome: SendOutcome): Promise<void> {
    const { stores, times, tell } = this.#parts;
    await stores.update(this.rule, (state, nowMs) => {
      const next = state && noteOutcome(state, claimed, this.#token, outcome, nowMs, times);
      return next ? { state: next, result: null } : undefined;
    });
    const { channel, kind, attempts } = claimed.delivery;
    const at = new Date().toISOString();
    if (outcome.note !== undefined) tell({ type: 'alert-note', text: `${channel}: ${outcome.note}`, at });
    tell({
      type: 'alert-message',
      rule: this.rule.name,
      incident: claimed.incident.id,
      channel,
      message: kind,
      attempt: attempts,
      error: outcome.error,
      at,
    });
  }
}
