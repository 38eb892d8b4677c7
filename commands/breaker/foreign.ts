import { Option } from 'commander';
import { DIALECTS, type Dialect, type ForeignBreaker, listForeignBreakers } from '../../src/breaker/index.ts';
import { isPattern } from '../../src/config/streams.ts';
import { matchesPattern } from '../../src/model/key-pattern.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';

/** `--dialect`. */
export interface DialectFlag {
  dialect?: Dialect;
}

/** Offers the libraries whose breakers can be read. */
export function dialectOption(): Option {
  return new Option('--dialect <library>', 'breakers that this library keeps in Redis').choices(DIALECTS);
}

/** A breaker of another library, and when it was looked at by the clock of Redis. */
export interface ShownForeign extends ForeignBreaker {
  nowMs: number;
}

/** Breakers of another library; see `ChosenBreakers`. */
export interface ChosenForeign {
  breakers: ShownForeign[];
  unknown: string[];
  unmatched: string[];
  known: string[];
}

/** Looks at the breakers of another library that names and patterns mean, all of them without any; changes nothing. */
export async function lookAtForeign(
  context: Context,
  dialect: Dialect,
  named: readonly string[],
): Promise<ChosenForeign> {
  const redis = await context.redis();
  const doing = `list the circuit breakers of ${dialect}`;
  const { nowMs, breakers } = await askRedis(redis, doing, () => listForeignBreakers(redis, dialect));
  const isMeant = (given: string, name: string) =>
    given === name || (isPattern(given) && matchesPattern(given, name));
  const idle = named.filter((given) => !breakers.some(({ name }) => isMeant(given, name)));
  return {
    breakers: breakers
      .filter(({ name }) => named.length === 0 || named.some((given) => isMeant(given, name)))
      .map((one) => ({ ...one, nowMs })),
    unknown: idle.filter((given) => !isPattern(given)),
    unmatched: idle.filter(isPattern),
    known: breakers.map(({ name }) => name),
  };
}
