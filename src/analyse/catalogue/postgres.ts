import type { FindingKind } from '../finding.ts';

/** Findings about a PostgreSQL table and its server. */
export const POSTGRES_FINDINGS: readonly FindingKind[] = [];
