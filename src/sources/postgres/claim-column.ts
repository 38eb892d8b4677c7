import { escapeIdentifier } from '../../backends/postgres/index.ts';
import { namesRun } from './claim-names.ts';
import type { PostgresSpec } from './spec.ts';

/**
 * A table of one's own with a column that names who has a row: NULL where nobody has. Old workers must
 * leave rows alone whose column is not NULL.
 */
export function withClaimColumn(spec: PostgresSpec, column: string): PostgresSpec {
  const name = `t.${escapeIdentifier(column)}`;
  return {
    ...spec,
    ready: spec.ready === undefined ? `${name} IS NULL` : `(${spec.ready}) AND ${name} IS NULL`,
    claim: {
      set: { [column]: ':text' },
      held: `${name} = :text`,
      anyones: { held: namesRun(`${name}::text`), by: `${name}::text` },
      release: { [column]: 'NULL' },
    },
  };
}
