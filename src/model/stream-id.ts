/** The id of a stream entry, `<ms>-<seq>`; both parts go up to 2^64 - 1. */
export interface StreamId {
  ms: bigint;
  seq: bigint;
}

const MAX_PART = 2n ** 64n - 1n;
/** 2001-09-09: whoever writes ids such as 1-0 does not mean a time by them. */
const EARLIEST_TIME_MS = 1_000_000_000_000;
/** Year 2286; ids counted in microseconds or nanoseconds are no times either. */
const LATEST_TIME_MS = 10_000_000_000_000;

/** `5-0`, or `5` for `5-0`; undefined where the text is no id. */
export function parseStreamId(text: string): StreamId | undefined {
  const match = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text);
  if (!match) return undefined;
  const id = { ms: BigInt(match[1]!), seq: BigInt(match[2] ?? '0') };
  return id.ms > MAX_PART || id.seq > MAX_PART ? undefined : id;
}

/** The text that Redis shows. */
export function formatStreamId({ ms, seq }: StreamId): string {
  return `${ms}-${seq}`;
}

/** Negative where `a` comes before `b`. Both must be whole ids, as Redis shows them. */
export function compareStreamIds(a: string, b: string): number {
  if (SHORT.test(a) && SHORT.test(b)) return compareShort(a, b);
  const left = partsOf(a);
  const right = partsOf(b);
  if (left.ms !== right.ms) return left.ms < right.ms ? -1 : 1;
  if (left.seq === right.seq) return 0;
  return left.seq < right.seq ? -1 : 1;
}

/** As Redis shows ids, but for those of 20 digits: without a zero in front the longer number is the greater one. */
const SHORT = /^(?:0|[1-9]\d{0,18})-(?:0|[1-9]\d{0,18})$/;

/** Comes to the same as with numbers, in a tenth of the time: a look compares some thousands. */
function compareShort(a: string, b: string): number {
  const [dashA, dashB] = [a.indexOf('-'), b.indexOf('-')];
  if (dashA !== dashB) return dashA < dashB ? -1 : 1;
  if (a.length !== b.length && a.startsWith(b.slice(0, dashB + 1))) return a.length < b.length ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The first id after this one; undefined after the last of all. */
export function nextStreamId(text: string): string | undefined {
  const { ms, seq } = partsOf(text);
  if (seq < MAX_PART) return `${ms}-${seq + 1n}`;
  return ms < MAX_PART ? `${ms + 1n}-0` : undefined;
}

/** The last id before this one; undefined before the first of all. */
export function previousStreamId(text: string): string | undefined {
  const { ms, seq } = partsOf(text);
  if (seq > 0n) return `${ms}-${seq - 1n}`;
  return ms > 0n ? `${ms - 1n}-${MAX_PART}` : undefined;
}

/** When Redis gave out an id, in ms since 1970; null for ids that somebody chose and that are no times. */
export function streamIdTimeMs(text: string): number | null {
  const ms = Number(SHORT.test(text) ? text.slice(0, text.indexOf('-')) : partsOf(text).ms);
  return ms >= EARLIEST_TIME_MS && ms < LATEST_TIME_MS ? ms : null;
}

/** How long ago that was, never below 0; null where it is no time. */
export function streamIdAgeMs(text: string | null, nowMs: number): number | null {
  const at = text === null ? null : streamIdTimeMs(text);
  return at === null ? null : Math.max(0, nowMs - at);
}

function partsOf(text: string): StreamId {
  const id = parseStreamId(text);
  if (!id) throw new RangeError(`${text} is no stream id`);
  return id;
}
