import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { parseExpression } from '../checks/index.ts';
import { QctlError } from '../errors.ts';
import { parseDurationMs } from '../model/duration.ts';
import { parseRateLimit } from '../model/limits.ts';
import { MEASURES } from './result.ts';

const text = z.string().min(1);
const whole = z.number().int().positive();

const written = <T>(parse: (given: string) => T | undefined, expected: string) =>
  text.transform((given, context) => {
    const value = parse(given);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: `expected ${expected}`, input: given });
    return z.NEVER;
  });

/** A load profile: messages at a steady rate into a stream of its own, through groups that acknowledge them. */
export const profileSchema = z.strictObject({
  target: z.literal('redis').default('redis'),
  /** Messages a second. */
  rate: written((given) => parseRateLimit(given)?.messages, 'a rate such as 1000/s'),
  duration: written(parseDurationMs, 'a duration such as 30s'),
  payloadBytes: whole.max(1024 * 1024).default(256),
  groups: whole.max(100).default(1),
  /** Of each group. */
  consumers: whole.max(200).default(1),
  /** What must hold at the end: `p99 < 50ms`, `lost == 0`, `rate >= 950/s`. */
  thresholds: z.array(text).min(1),
});

/** See {@link profileSchema}. */
export type LoadProfile = z.output<typeof profileSchema>;

/**
 * Reads a load profile.
 *
 * @throws QctlError `config` LOAD_PROFILE_INVALID that names the file and the field
 */
export async function readProfile(path: string): Promise<LoadProfile> {
  const source = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw bad(path, `cannot be read (${cause.code})`, cause);
  });
  const document = parseDocument(source);
  if (document.errors[0]) throw bad(path, document.errors[0].message.split('\n')[0]!);
  const parsed = profileSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw bad(path, `${issue!.path.join('.') || 'profile'}: ${issue!.message}`);
  }
  for (const threshold of parsed.data.thresholds) parseExpression(threshold, MEASURES);
  return parsed.data;
}

function bad(path: string, what: string, cause?: unknown): QctlError {
  return new QctlError('config', `load profile ${path}: ${what}`, {
    code: 'LOAD_PROFILE_INVALID',
    hint: ['it has rate, duration, thresholds, and where wanted payloadBytes, groups, consumers'],
    cause,
  });
}
