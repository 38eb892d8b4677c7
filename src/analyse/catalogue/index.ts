import type { FindingKind } from '../finding.ts';
import { CELERY_FINDINGS } from './celery.ts';
import { DESCRIBED_TABLE_FINDINGS } from './described-table.ts';
import { FORMAT_FINDINGS } from './formats.ts';
import { MOVE_FINDINGS } from './move.ts';
import { POSTGRES_FINDINGS } from './postgres.ts';
import { REDIS_FINDINGS } from './redis.ts';
import { SQS_FINDINGS } from './sqs.ts';

/** Every finding that an analysis can have. No code stands here twice. */
export const FINDINGS: readonly FindingKind[] = [
  ...REDIS_FINDINGS,
  ...POSTGRES_FINDINGS,
  ...DESCRIBED_TABLE_FINDINGS,
  ...FORMAT_FINDINGS,
  ...SQS_FINDINGS,
  ...CELERY_FINDINGS,
  ...MOVE_FINDINGS,
];

const BY_CODE = new Map(FINDINGS.map((kind) => [kind.code, kind]));

/** The kind of that code; throws where the catalogue does not know it. */
export function kindOf(code: string): FindingKind {
  const kind = BY_CODE.get(code);
  if (!kind) throw new Error(`finding ${code} is not in the catalogue`);
  return kind;
}
