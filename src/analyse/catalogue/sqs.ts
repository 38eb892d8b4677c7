import type { FindingKind } from '../finding.ts';

/** Findings about an SQS queue. */
export const SQS_FINDINGS: readonly FindingKind[] = [];
