import * as z from 'zod';
import { isBreakerName, OVERRIDE_MODES, type OverrideMode } from '../../breaker/index.ts';
import { isPattern } from '../../model/key-pattern.ts';
import { duration, text } from './common.ts';

/** What can be done to a breaker. */
export const BREAKER_VERBS = ['trip', 'reset', 'hold', 'release'] as const;
/** See {@link BREAKER_VERBS}. */
export type BreakerVerb = (typeof BREAKER_VERBS)[number];

/** What a plan says: `breaker: { hold: wazuh-api, state: open, for: 2h, reason: cutover }`. */
export interface BreakerParams {
  verb: BreakerVerb;
  /** Names and patterns. */
  names: string[];
  /** Of `hold`. */
  state: OverrideMode;
  /** Of `hold`: until it ends by itself; of `trip`: the open time. Null: until it is released; as its settings say. */
  forMs: number | null;
  reason: string | null;
}

const name = text.refine(
  (given) => isPattern(given) || isBreakerName(given),
  'expected the name of a circuit breaker, or a pattern',
);
const names = z.union([name.transform((one) => [one]), z.array(name).min(1)], 'expected names');

/** The schema of {@link BreakerParams}. */
export const breakerSchema = z
  .strictObject({
    trip: names.optional(),
    reset: names.optional(),
    hold: names.optional(),
    release: names.optional(),
    state: z.enum(OVERRIDE_MODES).optional(),
    for: duration.refine((ms) => ms > 0, 'expected more than 0s').optional(),
    reason: text.optional(),
  })
  .refine((given) => verbsOf(given).length === 1, 'expected one of trip, reset, hold and release')
  .refine((given) => given.state === undefined || given.hold !== undefined, {
    path: ['state'],
    message: 'expected hold beside it',
  })
  .refine((given) => given.for === undefined || (given.hold ?? given.trip) !== undefined, {
    path: ['for'],
    message: 'expected hold or trip beside it',
  })
  .transform((given): BreakerParams => {
    const [verb] = verbsOf(given);
    return {
      verb: verb!,
      names: given[verb!]!,
      state: given.state ?? 'open',
      forMs: given.for ?? null,
      reason: given.reason ?? null,
    };
  });

function verbsOf(given: Partial<Record<BreakerVerb, unknown>>): BreakerVerb[] {
  return BREAKER_VERBS.filter((verb) => given[verb] !== undefined);
}
