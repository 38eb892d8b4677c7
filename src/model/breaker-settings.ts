import { formatDuration, formatExactDuration, parseDurationMs } from './duration.ts';

/** When a circuit breaker opens and how it recovers. Durations in ms, rates in percent, 0 is off. */
export interface BreakerSettings {
  failureThreshold: number;
  failureRate: number;
  /** Null where it was not given: the rates then ask for {@link MINIMUM_CALLS}, the count for none. */
  minimumCalls: number | null;
  windowMs: number;
  slowCallMs: number;
  slowCallRate: number;
  openMs: number;
  maxOpenMs: number;
  halfOpenProbes: number;
  successThreshold: number;
  probeTimeoutMs: number;
  instances: number;
}

/** Name of a setting as Redis and JSON have it. */
export type SettingKey = keyof BreakerSettings;
/** What somebody has said of a breaker; all else is default. */
export type GivenSettings = Partial<Record<SettingKey, number>>;

/** How one setting is written and what it may be. */
export interface SettingFormat {
  /** In qctl.yaml and `breaker set`: `openTime`. */
  name: string;
  unit: 'count' | 'percent' | 'duration';
  /** Smallest and largest value, in the unit of {@link BreakerSettings}. */
  least: number;
  most: number;
  /** True where `off` is understood. */
  off?: true;
  help: string;
}

/** Calls in the window below which no rate opens a breaker, where nobody said otherwise. */
export const MINIMUM_CALLS = 10;

const DAY_MS = 86_400_000;
const MANY = 1_000_000_000;

/** Every setting of a breaker; `help`, the schema of qctl.yaml and docs/breakers.md follow it. */
export const BREAKER_SETTINGS: Record<SettingKey, SettingFormat> = {
  failureThreshold: {
    ...{ name: 'failureThreshold', unit: 'count', least: 1, most: MANY, off: true },
    help: 'opens at this many failures in the window (default: off)',
  },
  failureRate: {
    ...{ name: 'failureRate', unit: 'percent', least: 0.01, most: 100, off: true },
    help: 'opens at this share of failed calls (default: 50%, off where failureThreshold is given)',
  },
  minimumCalls: {
    ...{ name: 'minimumCalls', unit: 'count', least: 1, most: MANY },
    help: 'fewer calls in the window open nothing (default: 10 for the rates, none for the count)',
  },
  windowMs: {
    ...{ name: 'window', unit: 'duration', least: 1000, most: DAY_MS },
    help: 'how far back calls are counted (default: 60s)',
  },
  slowCallMs: {
    ...{ name: 'slowCallDuration', unit: 'duration', least: 1, most: DAY_MS, off: true },
    help: 'a call that takes longer is slow (default: off)',
  },
  slowCallRate: {
    ...{ name: 'slowCallRate', unit: 'percent', least: 0.01, most: 100, off: true },
    help: 'opens at this share of slow calls (default: 50%)',
  },
  openMs: {
    ...{ name: 'openTime', unit: 'duration', least: 100, most: DAY_MS },
    help: 'how long it stays open before a probe; doubles each time it opens again (default: 60s)',
  },
  maxOpenMs: {
    ...{ name: 'maxOpenTime', unit: 'duration', least: 100, most: DAY_MS },
    help: 'longest open time; after as long a time closed it starts over (default: 5m)',
  },
  halfOpenProbes: {
    ...{ name: 'halfOpenProbes', unit: 'count', least: 1, most: 1000 },
    help: 'probes that may be under way at once while half-open, in all processes together (default: 1)',
  },
  successThreshold: {
    ...{ name: 'successThreshold', unit: 'count', least: 1, most: 1000 },
    help: 'probes that must succeed before it closes (default: 3)',
  },
  probeTimeoutMs: {
    ...{ name: 'probeTimeout', unit: 'duration', least: 100, most: DAY_MS },
    help: 'a probe is given up when its process is not heard of for this long, or it takes five times as long (default: 60s)',
  },
  instances: {
    ...{ name: 'instances', unit: 'count', least: 1, most: 1000 },
    help: 'processes that must see the trouble before it opens for all (default: 1)',
  },
};

/** All keys, in the order in which they are shown. */
export const SETTING_KEYS = Object.keys(BREAKER_SETTINGS) as SettingKey[];

/** Fills in the defaults. */
export function effectiveSettings(given: GivenSettings): BreakerSettings {
  const failureThreshold = given.failureThreshold ?? 0;
  const openMs = given.openMs ?? 60_000;
  return {
    failureThreshold,
    failureRate: given.failureRate ?? (failureThreshold > 0 ? 0 : 50),
    minimumCalls: given.minimumCalls ?? null,
    windowMs: given.windowMs ?? 60_000,
    slowCallMs: given.slowCallMs ?? 0,
    slowCallRate: given.slowCallRate ?? 50,
    openMs,
    maxOpenMs: Math.max(given.maxOpenMs ?? 300_000, openMs),
    halfOpenProbes: given.halfOpenProbes ?? 1,
    successThreshold: given.successThreshold ?? 3,
    probeTimeoutMs: given.probeTimeoutMs ?? 60_000,
    instances: given.instances ?? 1,
  };
}

/** The setting that a name such as `openTime` means; undefined where it is none. */
export function settingOf(name: string): SettingKey | undefined {
  return SETTING_KEYS.find((key) => BREAKER_SETTINGS[key].name === name);
}

/** What may be written for a setting, for errors: `a duration such as 30s, from 100ms to 1d`. */
export function expectedFor(key: SettingKey): string {
  const { unit, least, most, off } = BREAKER_SETTINGS[key];
  const kind = {
    count: `a whole number from ${least}`,
    percent: 'a percentage up to 100 such as 50%',
    duration: `a duration such as 30s, from ${formatExactDuration(least)} to ${formatExactDuration(most)}`,
  }[unit];
  return off ? `${kind}, or off` : kind;
}

/** Reads `5`, `50%`, `60s` or `off`; undefined where it is not what {@link expectedFor} says. */
export function parseSetting(key: SettingKey, text: string): number | undefined {
  const { unit, least, most, off } = BREAKER_SETTINGS[key];
  if (off && (text === 'off' || text === '0')) return 0;
  const value = PARSERS[unit](text.trim());
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

const PARSERS: Record<SettingFormat['unit'], (text: string) => number | undefined> = {
  count: (text) => (/^\d{1,10}$/.test(text) ? Number(text) : undefined),
  percent: parsePercent,
  duration: (text) => parseDurationMs(text),
};

/** Others write half of all as 0.5: without its sign a number up to 1 could be meant in both ways, and is refused. */
function parsePercent(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,2})?%?$/.test(text)) return undefined;
  const value = Number(text.replace('%', ''));
  return text.endsWith('%') || value > 1 ? value : undefined;
}

/** A value as it is written: `5`, `50%`, `1m00s`, `off`. What {@link parseSetting} takes comes back the same. */
export function formatSetting(key: SettingKey, value: number | null): string {
  const { unit, off } = BREAKER_SETTINGS[key];
  if (value === null) return 'default';
  if (off && value === 0) return 'off';
  if (unit === 'duration') return durationText(value);
  return unit === 'percent' ? `${value}%` : String(value);
}

/** Short where nothing is lost by it. */
function durationText(ms: number): string {
  const short = formatDuration(ms);
  return parseDurationMs(short) === ms ? short : formatExactDuration(ms);
}
