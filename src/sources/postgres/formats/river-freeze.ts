import { escapeLiteral } from '../../../backends/postgres/index.ts';
import type { FormatChoice, FoundQueue } from './format.ts';
import { isOneOf, qualified } from './relations.ts';

/** Marks the queues that were paused by this, so that those which were paused before stay so. */
const MARK = 'qctl:paused';

/**
 * Pauses queues as River's own client does: in the table for clients that look there, and by a
 * notification for those at work. A paused queue is drained all the same.
 */
export function riverFreeze(
  { schema }: FoundQueue,
  { queues }: FormatChoice,
): { freeze: string[]; thaw: string[] } {
  const table = qualified(schema, 'river_queue');
  const which = queues ? ` AND ${isOneOf('name', queues)}` : '';
  const marked = `metadata ? '${MARK}'`;
  const notify = (action: string): string =>
    `SELECT pg_notify(${escapeLiteral(`${schema}.river_control`)}, json_build_object('action', '${action}', 'queue', name)::text) FROM ${table} WHERE ${marked}`;
  return {
    freeze: [
      `UPDATE ${table} SET paused_at = now(), updated_at = now(), metadata = metadata || '{"${MARK}": true}' WHERE paused_at IS NULL${which}`,
      notify('pause'),
    ],
    thaw: [
      notify('resume'),
      `UPDATE ${table} SET paused_at = NULL, updated_at = now(), metadata = metadata - '${MARK}' WHERE ${marked}`,
    ],
  };
}
