import { isQctlError } from '../../src/errors.ts';
import { parsePosition } from '../../src/streams/index.ts';
import { usageError } from '../stream-work.ts';

/**
 * Reads how long ago, or a time. Throws `usage` where it is neither.
 *
 * @param nowMs the clock of Redis
 */
export function parseSince(text: string, nowMs: number): number {
  const position = positionOf(text, nowMs);
  if (position?.kind === 'time') return position.ms;
  const hint = 'write 2h for two hours ago, or a time such as 2026-11-21T09:00:00Z';
  throw usageError(`--since: ${text} is neither a duration nor a time`, 'BAD_TIME', hint);
}

function positionOf(text: string, nowMs: number): ReturnType<typeof parsePosition> | undefined {
  try {
    return parsePosition(text, nowMs);
  } catch (error) {
    if (isQctlError(error)) return undefined;
    throw error;
  }
}
