import type { RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type BreakerView,
  checkBreakerName,
  knownBreakers,
  lookAtBreakers,
  resolveBreakers,
} from '../../src/breaker/index.ts';
import { findSimilar } from '../../src/config/similar.ts';
import { QctlError } from '../../src/errors.ts';
import type { GivenSettings } from '../../src/model/breaker-settings.ts';
import { isPattern, matchesPattern } from '../../src/model/key-pattern.ts';
import { shortList } from '../../src/model/short-list.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { configuredSettings } from './configured.ts';

/** One breaker that is meant. */
export interface Target {
  name: string;
  /** Null where it could not be looked at. */
  view: BreakerView | null;
  /** By qctl.yaml and the environment; undefined where they do not know it. */
  configured: GivenSettings | undefined;
  /** What Redis said where there is no view: a key of another type, as a rule. */
  failure?: QctlError;
}

/** A breaker that could be looked at. */
export type KnownTarget = Target & { view: BreakerView };

/** What is said of names that nobody knows. */
export interface ChoiceRules {
  /** Verb phrase for errors: `trip breakers`. */
  doing: string;
  /** `--create` was given; undefined where a verb has no such flag. */
  create?: boolean;
}

const AT_ONCE = 100;

/** Throws where a name cannot be meant, or where a variable of that breaker cannot be read; connects nowhere. */
export async function checkNames(context: Context, wanted: readonly string[]): Promise<void> {
  const config = await context.config();
  for (const name of wanted.filter((one) => !isPattern(one))) {
    checkBreakerName(name);
    configuredSettings(config, name);
  }
}

/**
 * The breakers that names and patterns mean, looked at. A plain name that neither Redis nor the configuration knows
 * is refused, so that a typo makes no breaker, and so is a pattern that matches nothing.
 */
export async function chooseTargets(
  context: Context,
  redis: RedisConnection,
  wanted: readonly string[],
  rules: ChoiceRules,
): Promise<Target[]> {
  const config = await context.config();
  const plain = new Set(wanted.filter((name) => !isPattern(name)));
  const configured = Object.keys(config.breakers);
  const names = await askRedis(redis, rules.doing, () => resolveBreakers(redis, wanted, configured));
  const targets: Target[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    targets.push(
      ...(await Promise.all(
        some.map((name) => lookAt(redis, name, configuredSettings(config, name), rules)),
      )),
    );
  }
  const named = targets.filter(({ name }) => plain.has(name));
  await refuseUnknown(redis, named, rules, configured);
  const meant = targets.filter((target) => plain.has(target.name) || isKnown(target));
  refuseUnmatched(wanted, meant);
  return meant;
}

async function lookAt(
  redis: RedisConnection,
  name: string,
  configured: GivenSettings | undefined,
  { doing }: ChoiceRules,
): Promise<Target> {
  try {
    const [view] = await askRedis(redis, doing, () => lookAtBreakers(redis, [name]));
    return { name, view: view!, configured };
  } catch (error) {
    // One key of another type must not hide the others; a server that is away concerns all.
    const { isRetryable } = await import('../../src/backends/redis/index.ts');
    if (!(error instanceof QctlError) || error.kind === 'auth' || isRetryable(error, redis.kind)) throw error;
    return { name, view: null, configured, failure: error };
  }
}

function isKnown({ view, configured }: Target): boolean {
  return view === null || view.known || configured !== undefined;
}

async function refuseUnknown(
  redis: RedisConnection,
  targets: readonly Target[],
  { doing, create }: ChoiceRules,
  configured: readonly string[],
): Promise<void> {
  const unknown = create ? [] : targets.filter((target) => !isKnown(target)).map(({ name }) => name);
  if (unknown.length === 0) return;
  const known = await askRedis(redis, doing, () => knownBreakers(redis));
  const others = [...known, ...configured].filter((name) => !unknown.includes(name));
  throw unknownBreakers(unknown, others, create === false);
}

/** The error for names that nobody knows, with the similar one. */
export function unknownBreakers(
  unknown: readonly string[],
  known: readonly string[],
  canCreate: boolean,
): QctlError {
  const [first = ''] = unknown;
  const text =
    unknown.length === 1 ? `there is no breaker ${first}` : `there are no breakers ${shortList(unknown)}`;
  const similar = findSimilar(first, known);
  return new QctlError('usage', text, {
    code: 'BREAKER_UNKNOWN',
    hint: [
      similar ? `did you mean ${similar}?` : "run 'qctl breaker list' for those that there are",
      ...(canCreate ? ['--create makes one that no program has used yet'] : []),
    ],
    details: { breakers: unknown },
  });
}

function refuseUnmatched(named: readonly string[], meant: readonly Target[]): void {
  const unmatched = named.filter(
    (pattern) =>
      isPattern(pattern) && !meant.some(({ name }) => name === pattern || matchesPattern(pattern, name)),
  );
  if (unmatched.length === 0) return;
  throw new QctlError('usage', `no breaker matches ${shortList(unmatched)}`, {
    code: 'BREAKER_UNKNOWN',
    hint: ["run 'qctl breaker list' for those that there are"],
    details: { breakers: unmatched },
  });
}
