import type { FindingKind } from '../finding.ts';

/** Findings about tables of known job libraries. */
export const FORMAT_FINDINGS: readonly FindingKind[] = [];
