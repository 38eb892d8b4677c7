import type { DrainSettings, DrainSource } from '../../drain/index.ts';
import { UNKNOWN } from '../figure.ts';
import type { LookOptions, SourceLook } from '../look.ts';
import type { PostgresSourceFacts } from './facts.ts';

/** Looks at a PostgreSQL table and its server. Reads only, and reads no more than bounded parts of large tables. */
export async function lookAtPostgres(
  source: Extract<DrainSource, { kind: 'postgres' }>,
  _settings: DrainSettings,
  _options: LookOptions,
): Promise<SourceLook<PostgresSourceFacts>> {
  const label = source.name;
  return {
    label,
    facts: { kind: 'postgres', label },
    findings: [],
    backlog: UNKNOWN,
    arrivalPerSecond: null,
    completionPerSecond: null,
    oldestAt: null,
    types: null,
    sample: [],
    notCarried: [],
  };
}
