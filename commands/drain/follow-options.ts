import { type Command, InvalidArgumentError } from 'commander';
import type { DrainSettings, PostgresSpec } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import { parseDurationMs } from '../../src/model/duration.ts';
import { collectList } from './options.ts';

/** When a drain ends: `empty`, at a time, or once nothing is left that was enqueued before a moment. */
export type Until = 'empty' | Date | { enqueuedBefore: Date | 'now' };

/** The flags that say how long a drain goes on, and how long it is remembered. */
export interface FollowFlags {
  follow?: boolean;
  until?: Until;
  /** Infinity: for good. */
  checkpointTtl?: number;
}

const MIN_TTL_MS = 60_000;
// Redis takes more, but nobody means more than this.
const MAX_TTL_MS = 3650 * 86_400_000;

/** Adds them, but for `--until`. */
export function addFollowOptions<C extends Command>(command: C): C {
  command
    .option(
      '-f, --follow',
      'go on when the source is empty, until a signal, drain stop, --until TIME or --limit',
    )
    .option(
      '--checkpoint-ttl <duration>',
      'how long a run is remembered after its end, or never to forget none (default: 7d)',
      parseTtl,
    );
  return command;
}

/** The settings that they name. Throws `usage` where they contradict each other. */
export function toFollow({ follow, until, checkpointTtl }: FollowFlags): Partial<DrainSettings> {
  const bounded = typeof until === 'object' && 'enqueuedBefore' in until ? until.enqueuedBefore : undefined;
  if (follow && (until === 'empty' || bounded !== undefined))
    throw new QctlError(
      'usage',
      `--follow goes on when nothing is left, and --until ${bounded ? 'enqueued:' : 'empty'} ends then`,
      {
        code: 'FOLLOW_UNTIL',
        hint: ['leave one of them out; --follow --until 2026-11-22T06:00:00Z ends at that time'],
      },
    );
  return {
    follow,
    until: until instanceof Date ? until : undefined,
    // Who says empty wants all of it.
    boundary: until === 'empty' ? 'none' : bounded,
    checkpointTtlMs: checkpointTtl,
  };
}

const ENQUEUED = 'enqueued:';

/** Parser for `--until`. */
export function parseUntil(text: string): Until {
  if (text === 'empty') return 'empty';
  if (text === `${ENQUEUED}now`) return { enqueuedBefore: 'now' };
  if (text.startsWith(ENQUEUED)) return { enqueuedBefore: parseTime(text.slice(ENQUEUED.length)) };
  const ms = parseDurationMs(text);
  return ms === undefined ? parseTime(text) : new Date(Date.now() + ms);
}

function parseTime(text: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError(
    'expected empty, a duration such as 10m, a time such as 2026-11-22T06:00:00Z, enqueued: and a time, or enqueued:now',
  );
}

function parseTtl(text: string): number {
  if (text === 'never') return Number.POSITIVE_INFINITY;
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= MIN_TTL_MS && ms <= MAX_TTL_MS) return ms;
  throw new InvalidArgumentError('expected a duration from 1m such as 7d, or never');
}

/** The spec with the channels that tell of new messages; a format's own stand where nobody names others. */
export function withNotify(
  spec: PostgresSpec,
  flag: string[] | undefined,
  configured: string | string[] | undefined,
): PostgresSpec {
  const fromFile = typeof configured === 'string' ? collectList(configured) : configured;
  const notify = flag ?? fromFile;
  return notify ? { ...spec, notify } : spec;
}
