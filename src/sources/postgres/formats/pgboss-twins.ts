import type { Client } from 'pg';
import { QctlError } from '../../../errors.ts';
import { isNotKnown } from '../not-counted.ts';
import { isOneOf } from './relations.ts';

/**
 * pg-boss tells jobs apart by queue and id together. Applications may give ids themselves, and then
 * two queues can have the same one; a message has its id alone.
 */
export async function refuseTwins(
  client: Client,
  table: string,
  queues: string[] | undefined,
): Promise<void> {
  if (queues?.length === 1) return;
  const where = queues ? `WHERE ${isOneOf('name', queues)}` : '';
  // Looks at every job: an analysis leaves that to the drain where there are many.
  const [twin] = await client
    .query<{ id: string; names: string[] }>(
      `SELECT id::text, array_agg(name) AS names FROM ${table} ${where} GROUP BY id HAVING count(*) > 1 LIMIT 1`,
    )
    .then(({ rows }) => rows)
    .catch((error) => {
      if (isNotKnown(error)) return [];
      throw error;
    });
  if (!twin) return;
  throw new QctlError('refused', `job ${twin.id} stands in several queues: ${twin.names.join(', ')}`, {
    code: 'SAME_ID_IN_QUEUES',
    hint: [
      `drain the queues one after the other: --queue ${twin.names[0]}, each into a stream or run of its own`,
    ],
    details: { id: twin.id, queues: twin.names },
  });
}
