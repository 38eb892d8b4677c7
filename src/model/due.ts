const TIME =
  /^(\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/;

/**
 * The time that a text says, in ms since 1970: RFC 3339, and as PostgreSQL writes timestamps and dates
 * (`2026-11-21 08:15:30.123456+02`). What says no zone is UTC. Rounded up to a whole millisecond, so that
 * nothing is ever due before its time. Undefined where the text is no time (`infinity` among them).
 */
export function dueMsOf(text: string): number | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  if (hour! > 24 || minute! > 59 || second! > 60) return undefined;
  const at = Date.UTC(year!, month! - 1, day, hour, minute, second);
  const date = new Date(Date.UTC(year!, month! - 1, day));
  // Below 100 Date.UTC means the 20th century; a day that the month does not have becomes one of the next.
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month! - 1) return undefined;
  const due = at + Math.ceil(Number(`0.${match[7] ?? 0}`) * 1000) - offsetMs(match[8]);
  return Number.isSafeInteger(due) && due >= 0 ? due : undefined;
}

function offsetMs(zone = 'Z'): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes, seconds] = zone.slice(1).replaceAll(':', '').match(/../g)!.map(Number);
  const size = hours! * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  return size * (zone.startsWith('-') ? -1000 : 1000);
}

const CANONICAL_LENGTH = 27;
const LETTER_Z = 0x5a;

/** Tells which of many times lie after one moment. */
export class Now {
  private readonly ms: number;
  private readonly canonical: Buffer;

  /** @param ms since 1970 */
  constructor(ms: number) {
    this.ms = ms;
    this.canonical = Buffer.from(new Date(ms).toISOString().replace('Z', '000Z'));
  }

  /**
   * Whether the time that stands in `data` has surely passed: a quick look at one of the commonest shape,
   * `2026-11-21T08:15:30.123456Z`. Of others {@link dueOf} has to tell.
   */
  isPast(data: Buffer, start: number, length: number): boolean {
    if (length !== CANONICAL_LENGTH || data[start + CANONICAL_LENGTH - 1] !== LETTER_Z) return false;
    // They differ soon: a call of Buffer's takes ten times as long.
    for (let i = 0; i < CANONICAL_LENGTH; i += 1) {
      const difference = data[start + i]! - this.canonical[i]!;
      if (difference !== 0) return difference < 0;
    }
    return true;
  }

  /** When it is due, in ms since 1970; undefined where that has passed, or where it is no time. */
  dueOf(time: Buffer): number | undefined {
    const due = dueMsOf(time.toString('latin1'));
    return due !== undefined && due > this.ms ? due : undefined;
  }
}
