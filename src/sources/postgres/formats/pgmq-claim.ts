import type { ClaimSpec } from '../spec.ts';
import { isClaimTime } from './parts.ts';

/** Longer than any delay, in hours, which every time zone counts alike. */
const AWAY = `interval '8766000 hours'`;
/** A number below zero that is the run's alone; messages count their reads from zero. */
const MARK = '-1 - (hashtext(:text) & 2147483646)';

/**
 * A claimed message is invisible until the run's own moment in the far future. One that is not due
 * yet keeps its own time, a thousand years later, and has the run's mark where its reads are counted:
 * it has not been read.
 */
export function pgmqClaim(): ClaimSpec {
  return {
    set: {
      vt: `CASE WHEN t.vt <= now() THEN :time ELSE t.vt + ${AWAY} END`,
      read_ct: `CASE WHEN t.vt <= now() THEN t.read_ct ELSE ${MARK} END`,
    },
    held: `(t.vt = :time OR (t.read_ct = ${MARK} AND t.vt > '2900-01-01'))`,
    anyones: { held: `(t.read_ct < 0 OR ${isClaimTime('t.vt')})` },
    release: {
      vt: `CASE WHEN t.read_ct < 0 THEN t.vt - ${AWAY} ELSE now() END`,
      read_ct: 'greatest(t.read_ct, 0)',
    },
  };
}

/** SQL: how often a message was read, whether it is claimed or not. */
export const READS_UNCLAIMED = 'greatest(read_ct, 0)';

/** SQL: when a delayed message comes due, whether it is claimed or not; NULL for one that is due. */
export const DELAY_UNCLAIMED = `CASE WHEN read_ct < 0 THEN vt - ${AWAY} WHEN vt > now() AND vt < '2900-01-01' THEN vt END`;
