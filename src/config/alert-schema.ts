import * as z from 'zod';
import { isPattern } from '../model/key-pattern.ts';

const name = z
  .string()
  .regex(/^[\w.-]+$/, 'expected letters, digits, dots, dashes and underscores')
  .refine((given) => !isPattern(given), 'a pattern cannot be a name');

/**
 * `alerts:` of a profile as far as it can be checked without the metrics: rules are read again where they are used,
 * with what each metric asks for.
 */
export const alertsSchema = z.strictObject({
  /** Who is told: the name of a channel -> how it is reached. */
  channels: z.record(name, z.record(z.string(), z.unknown())).optional(),
  rules: z.array(z.record(z.string(), z.unknown())).optional(),
  /** After so long an incident that goes on is told of again, where a rule does not say otherwise. */
  repeat: z.string().optional(),
});

/** `alerts:` as written. */
export type AlertsConfig = z.output<typeof alertsSchema>;
