import * as z from 'zod';
import { checkSchema } from '../../checks/index.ts';
import { METRICS } from '../../metrics/index.ts';
import { text } from '../steps/common.ts';

/** A check of a plan: what every check says, and from which step to which it is watched. */
export const plannedCheck = checkSchema(METRICS, {
  /** Step or stage before which it begins; `never`: only where a step names it. */
  from: text.optional(),
  /** Step or stage with which it ends. */
  until: text.optional(),
  /** A failing baseline does not keep the run from starting. */
  allowFailing: z.boolean().optional(),
});
