import { dirname, resolve } from 'node:path';
import { parseExpression } from '../../checks/index.ts';
import { type Issue, toIssues } from '../../config/issues.ts';
import { type FileWords, parseYamlFile, readTextFile, toFileError } from '../../config/yaml-file.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import { MEASURES } from '../measures.ts';
import type { LoadProfile } from './profile.ts';
import { profileSchema, type WrittenProfile } from './schema.ts';
import { toProfile } from './to-profile.ts';

const WORDS: FileWords = {
  what: 'load profile',
  code: 'LOAD_PROFILE',
  unreadable: 'check the path of the profile',
};

/** A profile as it is given in place of a file: flags, and the folder from which paths count. */
export interface ProfileInput {
  raw: Readonly<Record<string, unknown>>;
  folder: string;
}

/**
 * Reads a load profile.
 *
 * @param over puts others in the place of fields of the file, as flags do
 * @throws QctlError `config` LOAD_PROFILE_… that names file, line and field
 */
export async function readProfile(
  path: string,
  over: (raw: Readonly<Record<string, unknown>>) => Record<string, unknown> = (raw) => raw,
): Promise<LoadProfile> {
  const file = parseYamlFile(path, (await readTextFile(path, WORDS, true))!, WORDS);
  const raw = file.raw === undefined || file.raw === null ? {} : file.raw;
  const merged = isMapping(raw) ? over(raw) : raw;
  const { written, issues } = check(merged);
  if (!written || issues.length > 0) throw toFileError(file, issues);
  return toProfile(written, dirname(resolve(path)));
}

/** As {@link readProfile}, of what flags have said. Throws `usage` LOAD_PROFILE_INVALID. */
export function profileOf({ raw, folder }: ProfileInput): LoadProfile {
  const { written, issues } = check(raw);
  const [first] = issues;
  if (written && !first) return toProfile(written, folder);
  const where = first!.path.join('.');
  throw new QctlError('usage', `${where ? `${where}: ` : ''}${first!.problem}`, {
    code: 'LOAD_PROFILE_INVALID',
    hint: first!.hint ? [first!.hint] : ['qctl load run --help lists what may be said'],
  });
}

function check(raw: unknown): { written?: WrittenProfile; issues: Issue[] } {
  const parsed = profileSchema.safeParse(raw);
  if (!parsed.success) return { issues: toIssues(parsed.error, profileSchema, raw) };
  return { written: parsed.data, issues: [...combined(parsed.data), ...thresholdIssues(parsed.data)] };
}

/** What no field by itself can say. */
function combined(given: WrittenProfile): Issue[] {
  const { rate, duration, count, arrivals, target } = given;
  const issues: Issue[] = [];
  const refuse = (path: string[], problem: string, hint?: string) =>
    issues.push({ path, problem, ...(hint ? { hint } : {}) });
  if (arrivals && (rate !== undefined || duration !== undefined))
    refuse(['arrivals'], 'stands beside rate or duration', 'say it in one way');
  if (!arrivals && rate === undefined)
    refuse([], 'says no rate', 'set rate: 1000/s, rate: max, or arrivals:');
  if (!arrivals && duration === undefined && count === undefined)
    refuse([], 'says no duration', 'set duration: 60s, or count:');
  if (given.payloadBytes !== undefined && given.payload !== undefined && !isDefaultPayload(given))
    refuse(['payloadBytes'], 'stands beside payload', 'say it in one way');
  if (target.kind !== 'redis' && (given.groups ?? 1) > 1)
    refuse(['groups'], `is for target redis: ${target.kind} has one`);
  if (target.kind === 'sqs' && target.allowNotEmpty && given.consumers.count > 0)
    refuse(
      ['consumers'],
      'would receive the messages that are in the queue, and raise their receive counts',
      'set consumers: 0, and let the workers of the queue consume',
    );
  for (const [at, fault] of given.faults.entries())
    if ('pause' in fault && target.kind !== 'redis')
      refuse(['faults', String(at)], `a target of kind ${target.kind} cannot be paused`);
    else if ('kill' in fault && target.kind === 'http')
      refuse(['faults', String(at)], 'there is no consumer of a webhook');
  return issues;
}

function isDefaultPayload({ payload }: WrittenProfile): boolean {
  return 'bytes' in payload && payload.bytes === 1024;
}

function thresholdIssues({ thresholds }: WrittenProfile): Issue[] {
  return thresholds.flatMap(({ check }, at) => {
    try {
      parseExpression(check, MEASURES);
      return [];
    } catch (error) {
      if (!isQctlError(error)) throw error;
      return [
        {
          path: ['thresholds', at],
          problem: error.message,
          ...(error.hint[0] === undefined ? {} : { hint: error.hint[0] }),
        },
      ];
    }
  });
}

function isMapping(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}
