import type { FindingKind } from '../finding.ts';

const SIDES = ['postgres'] as const;

/** Findings about a PostgreSQL table and its server. */
export const POSTGRES_FINDINGS: readonly FindingKind[] = [
  {
    code: 'MISSING_PRIVILEGE',
    sides: SIDES,
    levels: ['blocker'],
    title: 'A privilege on the table is missing',
    why: 'A drain reads rows, locks them and lets go of them; without the privilege its first batch fails.',
    advice: 'GRANT what is named to the user of the drain.',
  },
  {
    code: 'UNLOGGED_TABLE',
    sides: SIDES,
    levels: ['note'],
    title: 'The table is UNLOGGED',
    why: 'What stands in an unlogged table is gone after a crash of PostgreSQL, and replicas do not have it at all.',
    advice: 'Drain soon, or ALTER TABLE … SET LOGGED, which rewrites the table under an exclusive lock.',
  },
  {
    code: 'UNORDERED_ID',
    sides: SIDES,
    levels: ['warning'],
    title: 'A copy goes by a column that does not grow',
    why: 'A copy walks through the table in the order of its id; what is inserted behind the place it has reached is not copied.',
    advice:
      'Stop the writers for the copy, order by a growing column, or copy once more into another stream.',
  },
  {
    code: 'CACHED_SEQUENCE',
    sides: SIDES,
    levels: ['warning'],
    title: 'A sequence hands out numbers in blocks',
    why: 'With CACHE above 1 a session may insert a low number late, behind the place that a copy has reached.',
    advice: 'ALTER SEQUENCE … CACHE 1, or stop the writers for the copy.',
  },
  {
    code: 'TRIGGER_FIRES',
    sides: SIDES,
    levels: ['warning'],
    title: 'A trigger fires for every row that is settled',
    why: 'The drain deletes or updates each row once; whatever the trigger does is done as many times, in the same transaction.',
    advice: 'Look at what it does, and disable it for the drain where it must not.',
  },
  {
    code: 'NO_CLAIM_COLUMN',
    sides: SIDES,
    levels: ['note'],
    title: 'Rows are locked and not claimed',
    why: 'Locks end with the session: after a kill, workers of the old side may take rows that stand in the stream already.',
    advice: 'Stop the old workers for the drain, or name a column for claims with --claim-column.',
  },
  {
    code: 'NO_INDEX_FOR_ORDER',
    sides: SIDES,
    levels: ['warning'],
    title: 'No index serves the order of the drain',
    why: 'Each batch is the first rows of an order; without an index that begins with it, every batch sorts the whole table.',
    advice: 'CREATE INDEX CONCURRENTLY on the ordering column, or order by the id.',
  },
  {
    code: 'NOT_COUNTED',
    sides: SIDES,
    levels: ['note'],
    title: 'Something was left uncounted',
    why: 'An analysis reads no large table from end to end; what only that would show it leaves out.',
    advice:
      'An index over the condition lets it be counted; the preflight of the drain itself counts it in any case.',
  },
];
