import type { RedisOptions } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import {
  BREAKER_SETTINGS,
  expectedFor,
  type GivenSettings,
  parseSetting,
  SETTING_KEYS,
} from '../model/breaker-settings.ts';

/**
 * Settings of a breaker as a program gives them: durations in ms or as `'60s'`, rates in percent or as `'50%'`, 0 or
 * `'off'` for off. What is left out is decided by Redis (`qctl breaker set`, qctl.yaml), else by the defaults.
 */
export interface BreakerOptions {
  /** URL or options. Left out: the breaker counts for this process alone. */
  redis?: string | RedisOptions;
  failureThreshold?: number | string;
  failureRate?: number | string;
  minimumCalls?: number;
  window?: number | string;
  slowCallDuration?: number | string;
  slowCallRate?: number | string;
  openTime?: number | string;
  maxOpenTime?: number | string;
  halfOpenProbes?: number;
  successThreshold?: number;
  probeTimeout?: number | string;
  instances?: number;
  /** How often counts are brought to Redis and its state is read. Default 1000, from 100. */
  flushIntervalMs?: number;
  /** Whether an error of a call speaks against the dependency. Default: every error does. */
  isFailure?: (error: unknown) => boolean;
  /** Whether a result does, such as an HTTP response with status 503. Default: none does. */
  isFailedResult?: (result: unknown) => boolean;
}

/** Reads the settings among the options. Throws `config` for a value that cannot be meant. */
export function givenSettings(name: string, options: BreakerOptions): GivenSettings {
  const given: GivenSettings = {};
  for (const key of SETTING_KEYS) {
    const { name: option, unit } = BREAKER_SETTINGS[key];
    const value = options[option as keyof BreakerOptions];
    if (value === undefined) continue;
    const text = typeof value === 'number' && unit === 'duration' && value > 0 ? `${value}ms` : String(value);
    const parsed = parseSetting(key, text);
    if (parsed === undefined) throw badOption(name, option, value, expectedFor(key));
    given[key] = parsed;
  }
  return given;
}

function badOption(name: string, option: string, value: unknown, expected: string): QctlError {
  return new QctlError(
    'config',
    `circuit breaker ${name}: ${option}: expected ${expected}, got ${String(value)}`,
    {
      code: 'BAD_BREAKER_OPTION',
      hint: ['correct the option of new CircuitBreaker(…)'],
    },
  );
}

const LEAST_FLUSH_MS = 100;
const MOST_FLUSH_MS = 60_000;

/** Reads `flushIntervalMs`. Throws `config`. */
export function flushIntervalOf(name: string, { flushIntervalMs = 1000 }: BreakerOptions): number {
  if (flushIntervalMs >= LEAST_FLUSH_MS && flushIntervalMs <= MOST_FLUSH_MS) return flushIntervalMs;
  throw badOption(name, 'flushIntervalMs', flushIntervalMs, `ms from ${LEAST_FLUSH_MS} to ${MOST_FLUSH_MS}`);
}
