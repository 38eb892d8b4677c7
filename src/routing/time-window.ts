import { DAYS, type Day, type TimeRule } from './route.ts';

const DAY_MINUTES = 1440;
const CLOCK = /^(\d\d):(\d\d)$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** Minutes since midnight of `HH:MM`, `24:00` included; undefined where it is no time of day. */
export function clockMinutes(text: string): number | undefined {
  const [, hours, minutes] = CLOCK.exec(text) ?? [];
  if (hours === undefined || Number(minutes) > 59) return undefined;
  const total = Number(hours) * 60 + Number(minutes);
  return total <= DAY_MINUTES ? total : undefined;
}

/** Ms since 1970 of an RFC 3339 time with its offset; undefined where it is none. */
export function instantMs(text: string): number | undefined {
  const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Whether there is a time zone of this name. */
export function isTimezone(name: string): boolean {
  try {
    return formatterOf(name) !== undefined;
  } catch {
    return false;
  }
}

/** Reads `mon`, `mon-fri`, `sat sun`, or a list of these; undefined where one of them is no day. */
export function parseDays(value: unknown): Day[] | undefined {
  const words = Array.isArray(value) ? value : typeof value === 'string' ? value.trim().split(/[\s+]+/) : [];
  const days = words.map((word) => daysOf(String(word).toLowerCase()));
  if (words.length === 0 || days.includes(undefined)) return undefined;
  const named = new Set(days.flatMap((some) => some!));
  return DAYS.filter((day) => named.has(day));
}

function daysOf(word: string): Day[] | undefined {
  const [from, to = from] = word.split('-').map((part) => DAYS.indexOf(part.trim() as Day));
  if (from === undefined || from < 0 || to! < 0) return undefined;
  const length = ((to! - from + 7) % 7) + 1;
  return Array.from({ length }, (_, at) => DAYS[(from + at) % 7]!);
}

/** Whether a rule is in force. A window over midnight belongs to the day on which it begins. */
export function isInForce({ from, to, timezone, days }: TimeRule, nowMs: number): boolean {
  const begin = clockMinutes(from);
  const end = clockMinutes(to);
  if (begin === undefined || end === undefined) {
    return nowMs >= (instantMs(from) ?? Number.POSITIVE_INFINITY) && nowMs < (instantMs(to) ?? 0);
  }
  const { day, minute } = wallClock(nowMs, timezone ?? 'UTC');
  const on = (at: number) => !days || days.includes(DAYS[at]!);
  if (begin < end) return minute >= begin && minute < end && on(day);
  return (minute >= begin && on(day)) || (minute < end && on((day + 6) % 7));
}

/** The clock on the wall of a time zone; day 0 is Sunday. */
function wallClock(nowMs: number, timezone: string): { day: number; minute: number } {
  if (timezone === 'UTC') {
    const now = new Date(nowMs);
    return { day: now.getUTCDay(), minute: now.getUTCHours() * 60 + now.getUTCMinutes() };
  }
  const [weekday = '', clock = ''] = formatterOf(timezone).format(nowMs).split(/,? /);
  return { day: DAYS.indexOf(weekday.toLowerCase() as Day), minute: clockMinutes(clock) ?? 0 };
}

/** They are dear to make. */
const FORMATTERS = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timezone: string): Intl.DateTimeFormat {
  const known = FORMATTERS.get(timezone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  FORMATTERS.set(timezone, made);
  return made;
}
