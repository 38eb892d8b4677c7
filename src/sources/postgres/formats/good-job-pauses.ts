import { escapeLiteral } from '../../../backends/postgres/index.ts';
import type { FormatChoice, FoundQueue } from './format.ts';
import { nowFor } from './parts.ts';
import { qualified } from './relations.ts';
import { notedColumns } from './tables.ts';

/**
 * Pauses of queues, in the row that the dashboard writes. Workers heed it with enable_pauses only, which
 * cannot be seen from here. What was paused before stays so.
 */
export function goodJobPauses(
  found: FoundQueue,
  { queues }: FormatChoice,
): { freeze: string[]; thaw: string[] } {
  const settings = qualified(found.schema, 'good_job_settings');
  const now = nowFor(notedColumns(found).created_at);
  const named = queues?.length
    ? `to_jsonb(ARRAY[${queues.map(escapeLiteral).join(', ')}]::text[])`
    : `(SELECT coalesce(jsonb_agg(DISTINCT queue_name), '[]') FROM ${qualified(found.schema, 'good_jobs')} WHERE finished_at IS NULL)`;
  const minus = (all: string, some: string): string =>
    `(SELECT coalesce(jsonb_agg(q), '[]') FROM jsonb_array_elements(${all}) q WHERE NOT ${some} @> q)`;
  return {
    freeze: [
      `INSERT INTO ${settings} (id, created_at, updated_at, key, value)
       VALUES (gen_random_uuid(), ${now}, ${now}, 'pauses', '{"queues": [], "job_classes": [], "labels": []}')
       ON CONFLICT (key) DO NOTHING`,
      `INSERT INTO ${settings} (id, created_at, updated_at, key, value)
       SELECT gen_random_uuid(), ${now}, ${now}, 'qctl:pauses', ${minus(named, "coalesce(s.value->'queues', '[]')")}
         FROM ${settings} s WHERE s.key = 'pauses' ON CONFLICT (key) DO NOTHING`,
      `UPDATE ${settings} s SET updated_at = ${now},
              value = jsonb_set(s.value, '{queues}', coalesce(s.value->'queues', '[]') || ${minus('o.value', "coalesce(s.value->'queues', '[]')")})
         FROM ${settings} o WHERE s.key = 'pauses' AND o.key = 'qctl:pauses'`,
    ],
    thaw: [
      `UPDATE ${settings} s SET updated_at = ${now},
              value = jsonb_set(s.value, '{queues}', ${minus("coalesce(s.value->'queues', '[]')", 'o.value')})
         FROM ${settings} o WHERE s.key = 'pauses' AND o.key = 'qctl:pauses'`,
      `DELETE FROM ${settings} WHERE key = 'qctl:pauses'`,
    ],
  };
}
