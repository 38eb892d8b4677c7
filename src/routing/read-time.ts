import type { Day, TimeRule } from './route.ts';
import { type Complain, refuseUnknown, shown } from './rules.ts';
import { EXPECTED_SHARE, parseShare } from './share.ts';
import { clockMinutes, instantMs, isTimezone, parseDays } from './time-window.ts';

const TIME_KEYS = ['from', 'to', 'timezone', 'days', 'percent'];
const EXPECTED = 'a time of day such as 22:00, or a time such as 2026-11-21T22:00:00Z';

/** Reads one entry of `time:`; undefined where it is not one, which is noted. */
export function readTimeRule(
  fields: Record<string, unknown>,
  path: string[],
  complain: Complain,
): TimeRule | undefined {
  refuseUnknown(fields, TIME_KEYS, TIME_KEYS, path, complain);
  const from = String(fields.from ?? '');
  const to = String(fields.to ?? '');
  if (!isWindow(from, to, path, complain)) return undefined;
  const isClock = clockMinutes(from) !== undefined;
  const timezone = readTimezone(fields.timezone, isClock, path, complain);
  const days = readDays(fields.days, isClock, path, complain);
  const percent = parseShare(fields.percent);
  if (percent === undefined) {
    complain([...path, 'percent'], `expected ${EXPECTED_SHARE}, got ${shown(fields.percent)}`);
    return undefined;
  }
  return { from, to, ...(timezone && { timezone }), ...(days && { days }), percent };
}

function isWindow(from: string, to: string, path: string[], complain: Complain): boolean {
  const clocks = [clockMinutes(from), clockMinutes(to)];
  const instants = [instantMs(from), instantMs(to)];
  for (const [at, field] of ['from', 'to'].entries()) {
    if (clocks[at] !== undefined || instants[at] !== undefined) continue;
    complain([...path, field], `expected ${EXPECTED}, got ${shown([from, to][at])}`);
    return false;
  }
  if ((clocks[0] === undefined) !== (clocks[1] === undefined)) {
    complain(path, 'from and to must both be times of day, or both be times with a date');
    return false;
  }
  const isOrdered = clocks[0] === undefined ? instants[0]! < instants[1]! : clocks[0] !== clocks[1];
  if (!isOrdered)
    complain(path, `from ${from} to ${to} covers no time`, 'a whole day is from 00:00 to 24:00');
  return isOrdered;
}

function readTimezone(
  raw: unknown,
  isClock: boolean,
  path: string[],
  complain: Complain,
): string | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  const name = String(raw);
  if (!isClock) complain([...path, 'timezone'], 'is for times of day: a time with a date has its offset');
  else if (!isTimezone(name))
    complain([...path, 'timezone'], `expected a time zone such as Europe/Berlin, got ${shown(raw)}`);
  return name;
}

function readDays(raw: unknown, isClock: boolean, path: string[], complain: Complain): Day[] | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  const days = parseDays(raw);
  if (!isClock) complain([...path, 'days'], 'is for times of day');
  else if (!days)
    complain([...path, 'days'], `expected days such as mon, mon-fri or a list of them, got ${shown(raw)}`);
  return days;
}
