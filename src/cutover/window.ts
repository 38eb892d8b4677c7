import type { PlannedWindow } from './plan-types.ts';

/** When a run may begin. `past`: not any more. */
export type Opening = { kind: 'at'; atMs: number } | { kind: 'past'; notAfter: string };

const DAY_MS = 86_400_000;

/**
 * When a run that was started at `nowMs` may begin: at once (then `atMs` is now), later, or not any more. Two
 * times of day are a window that comes every day, over midnight where the second is the smaller one.
 *
 * @param share of the jitter, 0 to 1; it does not reach beyond the end of the window
 */
export function openingOf(window: PlannedWindow, nowMs: number, share: number): Opening {
  const { notBefore, notAfter, timezone } = window;
  const zone = timezone ?? undefined;
  const past = (): Opening => ({ kind: 'past', notAfter: notAfter! });
  let [start, end] = [nowMs, Number.POSITIVE_INFINITY];
  if (notBefore && isTimeOfDay(notBefore) && notAfter && isTimeOfDay(notAfter)) {
    const opens = nextTimeOfDay(notBefore, nowMs, zone);
    const closes = nextTimeOfDay(notAfter, nowMs, zone);
    // Inside, the end comes before the next beginning.
    if (closes > opens) start = opens;
    end = nextTimeOfDay(notAfter, start, zone);
  } else {
    if (notBefore)
      start = Math.max(nowMs, isTimeOfDay(notBefore) ? today(notBefore, nowMs, zone) : Date.parse(notBefore));
    if (notAfter) end = isTimeOfDay(notAfter) ? today(notAfter, start, zone) : Date.parse(notAfter);
  }
  if (start >= end) return past();
  const room =
    end === Number.POSITIVE_INFINITY ? window.jitterMs : Math.min(window.jitterMs, end - start - 1);
  return { kind: 'at', atMs: start + Math.floor(room * share) };
}

function isTimeOfDay(text: string): boolean {
  return /^\d{1,2}:\d{2}$/.test(text);
}

/** The first moment after `afterMs` at which clocks there show that time. */
function nextTimeOfDay(text: string, afterMs: number, zone: string | undefined): number {
  for (let day = 0; ; day += 1) {
    const at = today(text, afterMs, zone, day);
    if (at > afterMs) return at;
  }
}

/** That time of the day which `momentMs` is in there, or of one so many days later: those are not all of 24 hours. */
function today(text: string, momentMs: number, zone: string | undefined, days = 0): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  const local = localMs(momentMs, zone);
  const wanted = (Math.floor(local / DAY_MS) + days) * DAY_MS + (hours * 60 + minutes) * 60_000;
  // The offset may differ between now and then; asked twice it is that of then.
  const guess = wanted - (local - momentMs);
  return wanted - (localMs(guess, zone) - guess);
}

/** What clocks there show, as if it were UTC; whole seconds of `momentMs` count. */
function localMs(momentMs: number, zone: string | undefined): number {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  } as Intl.DateTimeFormatOptions);
  const part = Object.fromEntries(
    format.formatToParts(momentMs).map(({ type, value }) => [type, Number(value)]),
  );
  const seconds = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
  return seconds + (momentMs % 1000);
}
