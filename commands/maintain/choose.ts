import { InvalidArgumentError } from 'commander';
import type { MaintainConfig } from '../../src/config/maintain-schema.ts';
import type { StreamConfig } from '../../src/config/schema.ts';
import { findSimilar } from '../../src/config/similar.ts';
import {
  chooseParts,
  isStreamPart,
  type MaintainEvents,
  type MaintainRequest,
  PARTS,
  type Part,
} from '../../src/maintain/index.ts';
import type { Context } from '../context.ts';
import { operatorHere } from '../operator.ts';
import { usageError } from '../stream-work.ts';

/** The flags of `qctl maintain`. */
export interface MaintainFlags {
  stream?: string;
  follow?: boolean;
  /** Milliseconds. */
  every?: number;
  only?: Part[];
  skip?: Part[];
  /** Milliseconds. */
  budget?: number;
  textfile?: string;
}

/** Parser for `--only trim,claim`. */
export function parseParts(text: string): Part[] {
  return text.split(',').map((name) => {
    const part = name.trim();
    if ((PARTS as readonly string[]).includes(part)) return part as Part;
    const similar = findSimilar(part, [...PARTS]);
    throw new InvalidArgumentError(
      `there is no part ${part}${similar ? `; did you mean ${similar}?` : ''}; parts: ${PARTS.join(', ')}`,
    );
  });
}

/** From flags and configuration to a request. Throws `usage` where nothing is left to be done. */
export async function chooseWork(context: Context, flags: MaintainFlags): Promise<MaintainRequest> {
  const { maintain, streams, defaults } = await context.config();
  const parts = partsOf(maintain, flags);
  const { reapAfter: reapAfterMs, budget } = maintain;
  return {
    redis: await context.redis(),
    streams: withDefault(streams, defaults),
    parts,
    named: flags.stream,
    reapAfterMs,
    budgetMs: flags.budget ?? budget,
    operator: operatorHere(),
  };
}

/** The parts that are on; breakers and what is left over belong to no stream. */
export function partsOf(maintain: MaintainConfig, { only, skip, stream }: MaintainFlags): Set<Part> {
  const parts = chooseParts(maintain, { only, skip });
  const named = (part: Part) => part === 'scheduled' || isStreamPart(part);
  const fitting = new Set([...parts].filter((part) => stream === undefined || named(part)));
  if (fitting.size > 0) return fitting;
  throw usageError('no part of maintenance is on', 'NO_PART', `switch one on: --only ${PARTS.join('|')}`);
}

/** The stream of the environment (REDIS_STREAM_NAME) is maintained, too. */
function withDefault(
  streams: Record<string, StreamConfig>,
  { stream, group, maxLen }: { stream?: string; group?: string; maxLen?: number },
): Record<string, StreamConfig> {
  if (stream === undefined) return streams;
  const own = streams[stream] ?? {};
  return { ...streams, [stream]: { ...own, group: own.group ?? group, maxLen: own.maxLen ?? maxLen } };
}

/** How the work is told and stopped. */
export function eventsOf(context: Context, more: Pick<MaintainEvents, 'waiting' | 'doing'>): MaintainEvents {
  const leftOut = (what: string): void => {
    if (context.options.verbose)
      context.io.stderr.write(`qctl: left out: ${what}, since this user may not read them\n`);
  };
  return { signal: context.signal, leftOut, ...more };
}
