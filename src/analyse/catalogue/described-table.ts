import type { FindingKind } from '../finding.ts';

const SIDES = ['postgres'] as const;

/** Findings about what an operator says, and does not say, of a table of their own. */
export const DESCRIBED_TABLE_FINDINGS: readonly FindingKind[] = [
  {
    code: 'KEY_WITHOUT_ORDER',
    sides: SIDES,
    levels: ['warning'],
    title: 'Messages of a key come in the order of an id that does not grow',
    why: 'With a key, messages keep the order in which rows are taken. Without another order that is the id; a random uuid or a text says nothing of which row was first.',
    advice: 'Name a column that grows with --order: a time of creation, or a serial number.',
  },
  {
    code: 'READY_MISSING',
    sides: SIDES,
    levels: ['warning', 'note'],
    title: 'No condition says which rows are ready',
    why: 'Every row is taken, those that workers have done with as well, though a column tells how far a row has come.',
    advice: 'Name the rows that wait: --ready "status = \'queued\'".',
  },
  {
    code: 'NOTHING_READY',
    sides: SIDES,
    levels: ['note'],
    title: 'No row is ready in a table that is not empty',
    why: 'Everything may have been drained. A value that is misspelt in the condition looks just the same.',
    advice: 'Compare the condition with the values that the column has.',
  },
  {
    code: 'NOT_BEFORE_UNUSED',
    sides: SIDES,
    levels: ['warning'],
    title: 'A time to wait for is not heeded',
    why: 'Ready rows have a time in the future in a column whose name tells that they wait for it. Consumers of a stream get its entries at once, and would work on them too early.',
    advice: 'Name the column with --not-before: such messages wait beside the stream until they are due.',
  },
];
