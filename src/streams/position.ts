import { QctlError } from '../errors.ts';
import { parseDurationMs } from '../model/duration.ts';
import { formatStreamId, parseStreamId } from '../model/stream-id.ts';

/** A place in a stream: before the first entry that may be meant, as an id. */
export type Position =
  | { kind: 'start' }
  | { kind: 'end' }
  | { kind: 'id'; id: string }
  | { kind: 'time'; ms: number };

/**
 * Reads what an operator writes for a place: `start`, `end`, an id, a time in RFC 3339 or how long ago. A time
 * without a zone is that of this machine.
 * Throws `usage` where it is none of these.
 *
 * @param nowMs the server's clock
 */
export function parsePosition(text: string, nowMs: number): Position {
  if (text === 'start' || text === '-' || text === '0') return { kind: 'start' };
  if (text === 'end' || text === '+' || text === '$') return { kind: 'end' };
  const id = parseStreamId(text);
  if (id) return { kind: 'id', id: formatStreamId(id) };
  const ago = parseDurationMs(text);
  if (ago !== undefined) return { kind: 'time', ms: nowMs - ago };
  const ms = timeOf(text);
  if (!Number.isNaN(ms)) return { kind: 'time', ms };
  throw new QctlError('usage', `${text} is no place in a stream`, {
    code: 'BAD_POSITION',
    hint: [
      'write start, end, an id such as 1763721600000-0, a time such as 2026-11-21T09:00:00Z, or 10m for ten minutes ago',
    ],
    details: { position: text },
  });
}

/** A day begins where a time without a zone is: here. JavaScript would take it for UTC. */
function timeOf(text: string): number {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return Date.parse(`${text}T00:00`);
  return /^\d{4}-\d{2}-\d{2}[T ]/.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
}

/** The first id at or behind a position, for ranges; `+` for the end. */
export function firstIdOf(position: Position): string {
  if (position.kind === 'start') return '0-0';
  if (position.kind === 'end') return '+';
  return position.kind === 'id' ? position.id : `${Math.max(0, position.ms)}-0`;
}
