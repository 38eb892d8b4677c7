import { type Command, Option } from 'commander';
import type { Finding, Item, Status } from '../../src/checks/index.ts';
import { isQctlError } from '../../src/errors.ts';
import type { Metric } from './metrics.ts';

/** What a stream, group or breaker that is not there means. */
export interface MissingFlag {
  missing: Status;
}

/** Adds `--missing`. */
export function addMissing<C extends Command>(command: C, what = 'a stream or group'): C {
  const option = new Option('--missing <status>', `status of ${what} that is not there (default: unknown)`);
  return command.addOption(option.choices(['ok', 'warning', 'critical', 'unknown']).default('unknown'));
}

/** The item of what is not there. */
export function missingItem(
  labels: { stream: string; group?: string },
  what: 'STREAM' | 'GROUP',
  status: Status,
): Item<Metric> {
  const name = [labels.stream, labels.group].filter((part) => part !== undefined).join('/');
  const text =
    what === 'STREAM'
      ? 'there is no such stream'
      : `the stream has no ${labels.group === undefined ? 'groups' : 'such group'}`;
  return itemOf(name, { ...labels }, { code: `${what}_MISSING`, status, text });
}

/** The item of a pattern without a match. */
export function nothingMatches(pattern: string, status: Status): Item<Metric> {
  return itemOf(pattern, {}, { code: 'STREAM_MISSING', status, text: 'no stream matches' });
}

function itemOf(name: string, labels: Record<string, string>, finding: Finding): Item<Metric> {
  return { name, labels, readings: [], findings: [finding] };
}

/** For what is resolved by a pattern: nothing found is an answer here, not an error. */
export function noneIfMissing(error: unknown): never[] {
  if (isQctlError(error) && error.code === 'STREAM_MISSING') return [];
  throw error;
}
