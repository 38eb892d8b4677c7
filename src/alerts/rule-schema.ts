import * as z from 'zod';
import { checkSchema } from '../checks/index.ts';
import { alertName, repeatSchema } from '../config/alert-schema.ts';
import { duration, text, timeLimit } from '../config/schema.ts';
import { METRICS } from '../metrics/index.ts';
import { SEVERITIES } from './rule.ts';

/** A time as RFC 3339 has it, in ms. */
const time = z.union([z.string(), z.date()]).transform((written, context) => {
  const ms = written instanceof Date ? written.getTime() : RFC3339.test(written) ? Date.parse(written) : NaN;
  if (!Number.isNaN(ms)) return ms;
  context.issues.push({
    code: 'custom',
    message: 'expected a time such as 2026-03-01T02:00:00Z',
    input: written,
  });
  return z.NEVER;
});

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i;

const silentWindow = z.strictObject({ from: time.optional(), until: time, reason: text });

const MOST_TEXT = 2000;
const template = text.max(MOST_TEXT, `expected ${MOST_TEXT} characters at most`);

/** What a check has and a rule has not: a rule never ends, and changes nothing. */
const NOT_OF_RULES = [
  'initialDelay',
  'count',
  'failureLimit',
  'inconclusiveLimit',
  'onFailure',
  'dryRun',
] as const;

/** One of `rules:` in YAML: a check, and what is done where it fails. */
export const ruleSchema = checkSchema(
  METRICS,
  {
    name: alertName,
    severity: z.enum(SEVERITIES).default('warning'),
    for: duration.default(0),
    keepFiringFor: duration.default(0),
    repeat: repeatSchema.optional(),
    against: timeLimit.optional(),
    to: z.union([text.transform((one) => [one]), z.array(text)], 'expected a channel, or a list').optional(),
    summary: template.optional(),
    description: template.optional(),
    silence: z.array(silentWindow).default([]),
  },
  NOT_OF_RULES,
);

/** A rule as its schema gives it. */
export type WrittenRule = z.output<typeof ruleSchema>;
