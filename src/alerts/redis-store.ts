import { randomBytes } from 'node:crypto';
import { within } from '../backends/network.ts';
import {
  isRetryable,
  type RedisConnection,
  replyCode,
  runScript,
  toTargetError,
} from '../backends/redis/index.ts';
import { lookAtAlert } from '../backends/redis/scripts/alert/look.ts';
import { writeAlert } from '../backends/redis/scripts/alert/write.ts';
import { isQctlError } from '../errors.ts';
import { ALERT_INDEX, alertKey } from '../model/keys.ts';
import { parseState, type RuleState } from './state.ts';
import { type AlertStore, type Change, type Changed, StoreAway } from './store.ts';

/** What nobody has looked at for so long is forgotten. */
const LIFETIME_MS = 30 * 86_400_000;
/** Longer than this nobody waits for one answer: the connection may be up and the server stopped. */
const ANSWER_MS = 5000;
/** Others who change the same rule at the same instant. */
const MOST_TRIES = 50;
/** Beginning of a field that one host writes. */
const HOST = 'host:';

/** States of rules in `qctl:{alert:RULE}`; every time is that of the server. */
export class RedisAlertStore implements AlertStore {
  readonly #open: () => Promise<RedisConnection>;

  constructor(open: () => Promise<RedisConnection>) {
    this.#open = open;
  }

  /** @param missing what stands for a state that Redis has not, or has lost */
  async update<T>(
    rule: string,
    change: Change<T>,
    missing: () => Promise<RuleState | null> = async () => null,
  ): Promise<Changed<T> | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { state: kept, nowMs, version } = await this.#look(rule);
      const wanted = change(kept ?? (await missing()), nowMs);
      if (!wanted) return undefined;
      const state = { ...wanted.state, seq: wanted.state.seq + 1 };
      if (await this.#write(rule, version, state, nowMs)) return { ...wanted, state, nowMs };
    }
    throw new StoreAway('the state of a rule is changed by others all the time', true);
  }

  async read(rule: string): Promise<{ state: RuleState | null; nowMs: number }> {
    return this.#look(rule);
  }

  /** Rules that somebody has looked at. */
  names(): Promise<string[]> {
    return askRedis(this.#open, 'list the alerts', ({ client }) => client.zrange(ALERT_INDEX, '0', '-1'));
  }

  /** Forgets a rule, where it is still as `unwanted` says. True where it was forgotten. */
  async remove(
    rule: string,
    unwanted: (state: RuleState | null, nowMs: number) => boolean,
  ): Promise<boolean> {
    const { state, nowMs, version } = await this.#look(rule);
    if (!unwanted(state ?? (await this.#newestHost(rule)), nowMs)) return false;
    const args = [version, '', '', 0];
    return askRedis(this.#open, `forget alert ${rule}`, async ({ client }) => {
      if ((await runScript(client, writeAlert, [alertKey(rule)], args)) !== 1) return false;
      await client.zrem(ALERT_INDEX, rule);
      return true;
    });
  }

  /** Of a rule that each host judges by itself, what was said last. */
  async #newestHost(rule: string): Promise<RuleState | null> {
    const fields = await askRedis(this.#open, `look at alert ${rule}`, ({ client }) =>
      client.hgetall(alertKey(rule)),
    );
    const states = hostStates(fields).map(({ state }) => state);
    return states.toSorted((a, b) => b.lookedMs - a.lookedMs)[0] ?? null;
  }

  /** How a host sees a rule that each judges by itself. */
  async publish(rule: string, host: string, state: RuleState): Promise<void> {
    await askRedis(this.#open, `publish alert ${rule}`, async ({ client }) => {
      await client.zadd(ALERT_INDEX, 'NX', Date.now(), rule);
      await client.hset(alertKey(rule), `${HOST}${host}`, JSON.stringify(state));
      await client.pexpire(alertKey(rule), LIFETIME_MS);
    });
  }

  async #look(rule: string): Promise<{ state: RuleState | null; nowMs: number; version: string }> {
    const [version, text, now] = (await askRedis(this.#open, `look at alert ${rule}`, ({ client }) =>
      runScript(client, lookAtAlert, [alertKey(rule)], []),
    )) as [string, string, string];
    return { version, state: parseState(text) ?? null, nowMs: Number(now) };
  }

  async #write(rule: string, seen: string, state: RuleState, nowMs: number): Promise<boolean> {
    // A server that has lost its data counts from the beginning: a number alone could come twice.
    const version = `${state.seq}-${randomBytes(6).toString('hex')}`;
    const args = [seen, version, JSON.stringify(state), LIFETIME_MS];
    return askRedis(this.#open, `keep alert ${rule}`, async ({ client }) => {
      // First: a state that nobody finds would be worse than a name without one.
      if (seen === '') await client.zadd(ALERT_INDEX, 'NX', nowMs, rule);
      return (await runScript(client, writeAlert, [alertKey(rule)], args)) === 1;
    });
  }
}

/** How each host sees a rule, from the hash that is kept of it. */
export function hostStates(fields: Readonly<Record<string, string>>): { host: string; state: RuleState }[] {
  return Object.entries(fields).flatMap(([field, text]) => {
    const state = field.startsWith(HOST) ? parseState(text) : undefined;
    return state ? [{ host: field.slice(HOST.length), state }] : [];
  });
}

/** Asks Redis once. Throws {@link StoreAway} where waiting may help, else what Redis said. */
export async function askRedis<T>(
  open: () => Promise<RedisConnection>,
  doing: string,
  ask: (redis: RedisConnection) => Promise<T>,
): Promise<T> {
  let redis: RedisConnection | undefined;
  try {
    redis = await open();
    return await within(ask(redis), ANSWER_MS);
  } catch (error) {
    const told = isQctlError(error) ? error : undefined;
    if (told instanceof StoreAway) throw told;
    const reason = isRetryable(error, redis?.kind) ?? (told?.kind === 'target' ? told.message : undefined);
    if (reason === undefined) throw toTargetError(error, redis?.label ?? 'redis', doing);
    const readable = /^(OOM|MISCONF|READONLY|NOREPLICAS)$/.test(replyCode(told?.cause ?? error));
    throw new StoreAway(redis?.trouble() ?? reason, readable, told);
  }
}
