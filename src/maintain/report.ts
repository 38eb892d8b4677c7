import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import type { MovedReport } from '../streams/index.ts';
import { isAway } from './ask.ts';
import type { BreakerWork } from './breakers.ts';
import type { Leftover } from './leftovers.ts';
import type { Part } from './parts.ts';
import { lostError } from './scheduled.ts';
import type { StreamWork } from './stream-work.ts';

/** A part that could not be done at all. */
export interface FailedPart {
  part: Part;
  failure: QctlError;
}

/** What one run of maintenance has done. */
export interface MaintainReport {
  startedAt: Date;
  elapsedMs: number;
  /** The parts that were on. */
  parts: ReadonlySet<Part>;
  /** Those that were looked after, as far as the time went; of the others nothing is known. */
  reached: Set<Part>;
  /** By stream. */
  scheduled: MovedReport[];
  breakers: BreakerWork[];
  leftovers: Leftover[];
  streams: StreamWork[];
  failed: FailedPart[];
  /** Streams that were not begun, or not finished, when the time was over: the next run goes on with them. */
  left: string[];
  /** Who held the lock before and has gone without a word; null: nobody. */
  lostHolder: string | null;
  /** The lock was another's before the end; null: it was not. */
  lockLost: QctlError | null;
}

/** The report of a run that has done nothing yet. */
export function emptyReport(parts: ReadonlySet<Part>): MaintainReport {
  return {
    ...{
      startedAt: new Date(),
      elapsedMs: 0,
      parts,
      reached: new Set(),
      scheduled: [],
      breakers: [],
      leftovers: [],
    },
    ...{ streams: [], failed: [], left: [], lostHolder: null, lockLost: null },
  };
}

/** A report in numbers. */
export interface MaintainSummary {
  moved: number;
  /** Overrides. */
  ended: number;
  /** Breakers that nobody used. */
  removed: number;
  deadLettered: number;
  claimed: number;
  reaped: number;
  trimmed: number;
  expired: number;
  left: number;
  failures: number;
  warnings: number;
}

/** Counts. */
export function summaryOf(report: MaintainReport): MaintainSummary {
  const { scheduled, breakers, leftovers, streams, left, lostHolder } = report;
  const of = (part: StreamWork['part']) =>
    streams.reduce((sum, work) => sum + (work.part === part ? work.count : 0), 0);
  const fine = breakers.filter(({ failure }) => failure === null);
  const outcome = (wanted: BreakerWork['outcome']) => fine.filter((one) => one.outcome === wanted).length;
  const warned = streams.filter(({ warning }) => warning !== null).length;
  return {
    moved: scheduled.reduce((sum, { moved }) => sum + moved, 0),
    ended: outcome('ended'),
    removed: outcome('removed'),
    deadLettered: of('deadLetter'),
    claimed: of('claim'),
    reaped: of('reap'),
    trimmed: of('trim'),
    expired: of('expire'),
    left: left.length,
    failures: failuresOf(report).length,
    warnings: outcome('forgotten') + leftovers.length + warned + (lostHolder === null ? 0 : 1),
  };
}

/** What went wrong, in the order in which it did. */
export function failuresOf(report: MaintainReport): QctlError[] {
  const { scheduled, breakers, streams, failed } = report;
  const all = [...failed, ...scheduled, ...breakers, ...streams].map(({ failure }) => failure);
  return [report.lockLost, ...all].filter((failure) => failure !== null);
}

/**
 * The error that a report ends with; undefined where nothing went wrong. A lost lock, Redis being away, and messages that it has lost,
 * are errors of their own; so is what kept everything from being done. All else is `partial` MAINTAIN_PARTIAL: the rest
 * was done.
 */
export function reportError(report: MaintainReport, redis: RedisConnection): QctlError | undefined {
  const failures = failuresOf(report);
  const lost = lostError(report.scheduled, redis.label);
  const [first] = failures;
  if (!first || report.lockLost) return first ?? lost;
  const away = failures.find((failure) => isAway(failure, redis));
  if (away ?? lost) return away ?? lost;
  return isAlone(report) ? first : partial(failures);
}

/** True where one part was on and it came to nothing, or its only stream did. */
function isAlone({ parts, scheduled, streams, breakers, failed }: MaintainReport): boolean {
  const works = [...scheduled, ...streams, ...breakers];
  return parts.size === 1 && (failed.length > 0 || works.every(({ failure }) => failure !== null));
}

const MOST_NAMED = 5;

function partial(failures: readonly QctlError[]): QctlError {
  const named = [...new Set(failures.map(({ message }) => message))];
  const more = named.length > MOST_NAMED ? `; and ${named.length - MOST_NAMED} more` : '';
  return new QctlError('partial', `left undone: ${named.slice(0, MOST_NAMED).join('; ')}${more}`, {
    code: 'MAINTAIN_PARTIAL',
    hint: [...new Set(failures.flatMap(({ hint }) => hint))].slice(0, MOST_NAMED),
    details: { failures: failures.slice(0, 100).map(({ code, message }) => ({ code, message })) },
  });
}
