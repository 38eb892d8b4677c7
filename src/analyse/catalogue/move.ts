import type { FindingKind } from '../finding.ts';

/** Findings about both ends together. */
export const MOVE_FINDINGS: readonly FindingKind[] = [];
