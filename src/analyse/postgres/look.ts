import type { DrainSettings, DrainSource } from '../../drain/index.ts';
import { UNKNOWN } from '../figure.ts';
import type { LookOptions, SourceLook } from '../look.ts';
import type { PostgresSourceFacts } from './facts.ts';
import { leftOutFindings } from './left-out.ts';
import { carefulSession, openTable } from './open.ts';

/** Looks at a PostgreSQL table and its server. Reads only, and reads no more than bounded parts of large tables. */
export async function lookAtPostgres(
  source: Extract<DrainSource, { kind: 'postgres' }>,
  _settings: DrainSettings,
  _options: LookOptions,
): Promise<SourceLook<PostgresSourceFacts>> {
  const [session, client] = await carefulSession(source);
  try {
    const { label, findings } = await openTable(session, source);
    return {
      label,
      facts: { kind: 'postgres', label },
      findings: [...findings, ...leftOutFindings(session)],
      backlog: UNKNOWN,
      arrivalPerSecond: null,
      completionPerSecond: null,
      oldestAt: null,
      types: null,
      sample: [],
      notCarried: [],
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}
