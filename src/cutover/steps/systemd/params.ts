import * as z from 'zod';
import { duration, text } from '../common.ts';

/** What is done to a unit. */
export type UnitVerb = 'stop' | 'start' | 'restart' | 'enable' | 'disable';

/** One order to systemd. */
export type UnitAction = { verb: UnitVerb; unit: string } | { verb: 'daemonReload'; unit: null };

/** A step, as its kind sees it: after it was expanded there is one action. */
export interface SystemdParams {
  actions: UnitAction[];
  user: boolean;
  /** How long a unit must stay active after a start. */
  stableMs: number;
  createdByPlan: boolean;
}

const VERBS: readonly UnitVerb[] = ['stop', 'start', 'restart', 'enable', 'disable'];
/** Long enough for a service that cannot read its configuration to end. */
const STABLE_MS = 500;
const TYPES = 'service|socket|timer|target|path|mount|automount|swap|slice|scope|device';
const UNIT = /^[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\@-]*$/;

const unit = text
  .max(255)
  .regex(UNIT, 'expected the name of one unit, such as worker.service')
  .transform((name) => (new RegExp(`\\.(?:${TYPES})$`).test(name) ? name : `${name}.service`));

const units = z.union([unit, z.array(unit).min(1)]);

/** What stands behind `systemd:` in a plan: one verb with one unit or several. */
export const systemdSchema = z
  .strictObject({
    stop: units.optional(),
    start: units.optional(),
    restart: units.optional(),
    enable: units.optional(),
    disable: units.optional(),
    /** Before the verb, or alone. */
    daemonReload: z.literal(true).optional(),
    /** The manager of this user in place of the system's. */
    user: z.boolean().default(false),
    /** How long a unit must stay active to count as started. Default 500ms. */
    stable: duration.optional(),
    /** The unit is installed by a step before this one. */
    createdByPlan: z.boolean().default(false),
  })
  .refine((given) => countOf(given) === 1 || (countOf(given) === 0 && given.daemonReload), {
    message: `expected one of ${VERBS.join(', ')}, or daemonReload`,
  })
  .transform(({ daemonReload, user, stable, createdByPlan, ...verbs }): SystemdParams => {
    const reload: UnitAction[] = daemonReload ? [{ verb: 'daemonReload', unit: null }] : [];
    const named = VERBS.flatMap((verb) => [verbs[verb] ?? []].flat().map((name) => ({ verb, unit: name })));
    return { actions: [...reload, ...named], user, stableMs: stable ?? STABLE_MS, createdByPlan };
  });

function countOf(given: Partial<Record<UnitVerb, unknown>>): number {
  return VERBS.filter((verb) => given[verb] !== undefined).length;
}
