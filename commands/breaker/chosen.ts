import type { RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type BreakerView,
  checkBreakerName,
  forgottenOverrides,
  knownBreakers,
  lookAtEach,
  resolveBreakers,
  type UnreadableBreaker,
} from '../../src/breaker/index.ts';
import { findSimilar } from '../../src/config/similar.ts';
import { isPattern } from '../../src/config/streams.ts';
import type { Hints } from '../../src/errors.ts';
import { effectiveSettings, type GivenSettings } from '../../src/model/breaker-settings.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { usageError } from '../stream-work.ts';
import { printable } from '../term/text.ts';

/** A breaker with what the configuration and the other breakers have to do with it. */
export interface ShownBreaker extends BreakerView {
  /** Of qctl.yaml and the environment; null where they do not know it. */
  configured: GivenSettings | null;
  /** True where its override stands there for so long that somebody may have forgotten it. */
  forgotten: boolean;
}

/** What was looked at. */
export interface ChosenBreakers {
  breakers: ShownBreaker[];
  /** Those that Redis does not let this user look at; the others are shown all the same. */
  unreadable: UnreadableBreaker[];
  /** Plain names that nobody knows. */
  unknown: string[];
  /** Patterns without a match. */
  unmatched: string[];
  /** All names that Redis or the configuration know, for advice. */
  known: string[];
}

/** Looks at the breakers that names and patterns mean, all of them without any; changes nothing. */
export async function lookAtChosen(context: Context, named: readonly string[]): Promise<ChosenBreakers> {
  for (const name of named) if (!isPattern(name)) checkBreakerName(name);
  const redis = await context.redis();
  const { breakers: configured } = await context.config();
  return askRedis(redis, 'look at the circuit breakers', () => look(redis, named, configured));
}

async function look(
  redis: RedisConnection,
  named: readonly string[],
  configured: Readonly<Record<string, GivenSettings>>,
): Promise<ChosenBreakers> {
  const known = new Set([...(await knownBreakers(redis)), ...Object.keys(configured)]);
  const names = await resolveBreakers(redis, named, Object.keys(configured));
  const { views, unreadable } = await lookAtEach(redis, names);
  const unknown = views.filter((view) => !view.known && !known.has(view.name)).map(({ name }) => name);
  const forgotten = new Set(forgottenOverrides(views).map(({ name }) => name));
  const breakers = views
    .filter(({ name }) => !unknown.includes(name))
    .map((view) => withConfigured(view, configured[view.name] ?? null, forgotten.has(view.name)));
  const unmatched: string[] = [];
  for (const pattern of named.filter(isPattern))
    if ((await resolveBreakers(redis, [pattern], Object.keys(configured))).length === 0)
      unmatched.push(pattern);
  return { breakers, unreadable, unknown, unmatched, known: [...known] };
}

/** What no program has declared yet has the settings of the configuration, as soon as one does. */
function withConfigured(
  view: BreakerView,
  configured: GivenSettings | null,
  forgotten: boolean,
): ShownBreaker {
  const settings = view.rev === 0 && configured ? effectiveSettings(configured) : view.settings;
  return { ...view, settings, configured, forgotten };
}

/** Like {@link lookAtChosen}; throws `usage` where a plain name is known to nobody. */
export async function requireChosen(context: Context, named: readonly string[]): Promise<ChosenBreakers> {
  const chosen = await lookAtChosen(context, named);
  refuseUnknown(chosen);
  return chosen;
}

/** Says which breakers are missing in what is shown, and why. */
export function noteUnreadable({ io }: Pick<Context, 'io'>, unreadable: readonly UnreadableBreaker[]): void {
  for (const { failure } of unreadable) io.stderr.write(`qctl: left out: ${printable(failure.message)}\n`);
}

/** Throws `usage` where a plain name is known to nobody; a name that is similar is the hint. */
export function refuseUnknown({ unknown, known }: Pick<ChosenBreakers, 'unknown' | 'known'>): void {
  const [name] = unknown;
  if (name === undefined) return;
  const similar = findSimilar(name, known);
  const text = `there is no circuit breaker ${name}, in Redis or in the configuration`;
  const list = "'qctl breaker list' shows them";
  const hints: Hints = similar === undefined ? [list] : [`did you mean ${similar}?`, list];
  throw usageError(text, 'BREAKER_UNKNOWN', ...hints);
}
