/** How a recording writes its times: one way for the whole file. */
export type TimeKind = 'seconds' | 'epochMs' | 'rfc3339';

/** A recorded time, and how it was written. */
export interface RecordedTime {
  kind: TimeKind;
  ms: number;
}

/** In seconds this is the year 5138, in ms 1973: between them nobody means the other one. */
const EPOCH_MS_FROM = 100_000_000_000;
/** Beyond it stand microseconds and nanoseconds. */
const LARGEST = 100_000_000_000_000;

const NUMBER = /^\d+(?:\.\d+)?$/;
const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$/;

/**
 * `12.5` (seconds), `1700000000000` (ms since 1970) or `2026-01-31T09:00:00.25Z` (UTC where it names no zone);
 * undefined where the text is no time.
 */
export function parseRecordedTime(text: string): RecordedTime | undefined {
  if (NUMBER.test(text)) return ofNumber(Number(text));
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, part = '0', sign, zoneHours, zoneMinutes = '0'] = match;
  if (!exists(Number(year), Number(month), Number(day)) || +hour! > 23 || +minute! > 59 || +second! > 60)
    return undefined;
  const whole = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
  const zoneMs = zoneHours === undefined ? 0 : (+zoneHours * 60 + +zoneMinutes) * 60_000;
  return { kind: 'rfc3339', ms: whole - (sign === '-' ? -zoneMs : zoneMs) + Number(part) * 1000 };
}

function ofNumber(value: number): RecordedTime | undefined {
  if (value >= LARGEST) return undefined;
  return value >= EPOCH_MS_FROM ? { kind: 'epochMs', ms: value } : { kind: 'seconds', ms: value * 1000 };
}

function exists(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
