import { findSimilar } from '../config/similar.ts';
import { QctlError } from '../errors.ts';
import {
  formatMemoryLimit,
  formatRate,
  type MemoryLimit,
  parseMemoryLimit,
  parseRange,
  parseRateLimit,
  type Range,
  type Rate,
} from '../model/limits.ts';

/** What holds a drain back; absent: nothing of that kind. */
export interface BrakeLimits {
  /** Entries that the slowest group may not have been given yet. */
  maxLag?: number;
  /** Entries in the streams of the target together. */
  maxStreamLength?: number;
  maxMemory?: MemoryLimit;
  /** SQL over the source that gives one number or boolean; above 0, or true, brakes. */
  maxSourceLoad?: string;
  /** While this file exists the drain stands still. */
  stopFile?: string;
}

/** Settings that may change while a run is at work. */
export interface Tuned {
  rate: Rate;
  batch: number;
  receivers?: Range;
  brake: BrakeLimits;
}

/** One setting of `drain set`. */
interface Tunable {
  /** What a value looks like. */
  expected: string;
  /** The kind of source it is for; absent: any. */
  only?: 'postgres' | 'sqs';
  /** Puts a value into force; undefined where the text is none. `off` lifts what the flags say. */
  apply(text: string, tuned: Tuned): Tuned | undefined;
  /** What is in force, as a person writes it; undefined where nothing is. */
  show(tuned: Tuned): string | undefined;
}

/** Ends an override: what the flags of each process say is in force again. */
export const NO_OVERRIDE = '-';
const OFF = 'off';

function whole(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value) ? value : undefined;
}

function brakeOf<K extends keyof BrakeLimits>(
  name: K,
  parse: (text: string) => BrakeLimits[K] | undefined,
  show: (value: NonNullable<BrakeLimits[K]>) => string,
): Pick<Tunable, 'apply' | 'show'> {
  return {
    apply: (text, tuned) => {
      const value = text === OFF ? undefined : parse(text);
      if (value === undefined && text !== OFF) return undefined;
      return { ...tuned, brake: { ...tuned.brake, [name]: value } };
    },
    show: ({ brake }) => (brake[name] === undefined ? undefined : show(brake[name]!)),
  };
}

/** By the name of the flag. A query is never taken from the target: whoever may write there must not run SQL in the source. */
const TUNABLES: Record<string, Tunable> = {
  rate: {
    expected: 'a rate such as 500/s or 5MB/s, or off',
    apply: (text, tuned) => {
      const rate = text === OFF ? {} : parseRateLimit(text);
      return rate && { ...tuned, rate };
    },
    show: ({ rate }) => (rate.messages || rate.bytes ? formatRate(rate) : undefined),
  },
  batch: {
    expected: 'a whole number from 1 to 10000',
    only: 'postgres',
    apply: (text, tuned) => {
      const batch = whole(text);
      return batch && batch <= 10_000 ? { ...tuned, batch } : undefined;
    },
    show: ({ batch }) => String(batch),
  },
  receivers: {
    expected: 'a number such as 8, or a range such as 4..32',
    only: 'sqs',
    apply: (text, tuned) => {
      const receivers = parseRange(text);
      return receivers && { ...tuned, receivers };
    },
    show: ({ receivers }) =>
      receivers &&
      (receivers.min === receivers.max ? `${receivers.max}` : `${receivers.min}..${receivers.max}`),
  },
  'max-lag': { expected: 'a whole number from 1, or off', ...brakeOf('maxLag', whole, String) },
  'max-stream-length': {
    expected: 'a whole number from 1, or off',
    ...brakeOf('maxStreamLength', whole, String),
  },
  'max-memory': {
    expected: 'a part such as 80%, an amount such as 2GB, or off',
    ...brakeOf('maxMemory', parseMemoryLimit, formatMemoryLimit),
  },
  'max-source-load': {
    expected: 'off (a query is given by the flag alone)',
    only: 'postgres',
    ...brakeOf('maxSourceLoad', () => undefined, String),
  },
};

/** Names of the settings that `drain set` takes. */
export const TUNABLE_NAMES: readonly string[] = Object.keys(TUNABLES);

/** The same with what a value looks like, as a person reads it. */
export const TUNABLE_VALUES: readonly (readonly [name: string, expected: string])[] = Object.entries(
  TUNABLES,
).map(([name, { expected, only }]) => [name, only ? `${expected}; ${only} only` : expected]);

/** What is in force after an override; the same where a value cannot be read, as one of another version. */
export function applyTunable(name: string, value: string, tuned: Tuned): Tuned {
  return TUNABLES[name]?.apply(value, tuned) ?? tuned;
}

/** Every setting that is in force, by name, as a person writes it. */
export function showTuned(tuned: Tuned): Record<string, string> {
  const shown = Object.entries(TUNABLES).map(([name, { show }]) => [name, show(tuned)] as const);
  return Object.fromEntries(shown.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

const PROBE: Tuned = { rate: {}, batch: 1, brake: {} };

/** Throws `usage` where there is no such setting, it is not for this kind of source, or the value is none. */
export function checkTunable(name: string, value: string, kind: string): void {
  const tunable = TUNABLES[name];
  if (!tunable) throw unknown(name);
  if (tunable.only && tunable.only !== kind)
    throw new QctlError(
      'usage',
      `${name} is a setting of a drain from ${tunable.only}, and this run drains ${kind}`,
      {
        code: 'SETTING_NOT_FOR_SOURCE',
        hint: [`the settings are ${TUNABLE_NAMES.join(', ')}`],
      },
    );
  if (value === NO_OVERRIDE || tunable.apply(value, PROBE)) return;
  throw new QctlError('usage', `${name}=${value}: expected ${tunable.expected}`, {
    code: 'BAD_SETTING',
    hint: [`${name}=${NO_OVERRIDE} ends the override`],
  });
}

function unknown(name: string): QctlError {
  const similar = findSimilar(name, TUNABLE_NAMES);
  return new QctlError('usage', `there is no setting ${name}`, {
    code: 'UNKNOWN_SETTING',
    hint: [...(similar ? [`did you mean ${similar}?`] : []), `the settings are ${TUNABLE_NAMES.join(', ')}`],
  });
}
