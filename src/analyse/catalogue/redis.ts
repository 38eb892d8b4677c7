import type { FindingKind } from '../finding.ts';

/** Findings about the Redis server and the stream. */
export const REDIS_FINDINGS: readonly FindingKind[] = [];
