import type { Client } from 'pg';
import { escapeLiteral } from '../../backends/postgres/index.ts';
import { findSimilar } from '../../config/similar.ts';
import type { Finding } from '../../model/finding.ts';
import type { TableFacts } from './catalog.ts';
import { someValues } from './column-values.ts';
import { rowsIfAllowed } from './formats/relations.ts';
import { identifier, progressByMark, progressByState, stateOf } from './progress-column.ts';
import type { PostgresSpec } from './spec.ts';

const MOST_VALUES = 5;
/** Among so many values one that stands for waiting rows is looked for. */
const MOST_STATES = 20;

/** That every row would be drained, where a column tells that not every row is waiting. */
export async function readyMissing(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<Finding[]> {
  if (spec.format !== 'generic' || spec.ready !== undefined) return [];
  const columns = [...table.columns.values()];
  const state = stateOf(columns);
  const values = state ? await someValues(client, table, state.name, MOST_STATES) : [];
  if (state && values.length < 2) return [];
  const { ready } = state ? progressByState(columns, state, values) : progressByMark(columns);
  if (!state && ready === null) return [];
  const seen = state
    ? `${state.name} has several values (${quoted(values)})`
    : `not every row may be waiting: there is a column for ${ready}`;
  return [
    {
      level: spec.mode === 'copy' ? 'note' : 'warning',
      code: 'READY_MISSING',
      text: `no condition says which rows are ready, so that every row of ${table.name} is taken; ${seen}`,
      remedy: `--ready "${ready ?? `${identifier(state!.name)} = ${escapeLiteral('…')}`}"`,
    },
  ];
}

/** `column = 'literal'`, the column perhaps in quotes or of `t`. */
const EQUALS =
  /^\s*\(?\s*(?:t\.)?("?)([\p{L}_][\p{L}\p{N}_$]*)\1\s*=\s*'((?:[^']|'')*)'(?:::\w+)?\s*\)?\s*$/u;

/** What is said where no row is ready though the table is not empty: a value may be misspelt. */
export async function nothingReady(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<Finding[]> {
  const { format, ready, types, before } = spec;
  if (format !== 'generic' || ready === undefined || types !== undefined || before !== undefined) return [];
  if ((await rowsIfAllowed(client, `SELECT 1 FROM ${table.name} t LIMIT 1`)).length === 0) return [];
  const [, , name, wanted] = EQUALS.exec(ready) ?? [];
  const column = name !== undefined && table.columns.has(name) ? name : undefined;
  const values = column === undefined ? [] : await someValues(client, table, column, MOST_VALUES);
  const similar = findSimilar(
    wanted ?? '',
    values.filter((value) => value !== wanted),
  );
  return [
    {
      level: 'note',
      code: 'NOTHING_READY',
      text: `no row of ${table.name} fulfils ${ready}, and the table is not empty${values.length > 0 ? `; ${column} has ${quoted(values)}` : ''}`,
      remedy:
        similar === undefined
          ? 'check the condition, unless everything has been drained'
          : `did you mean --ready "${ready.replace(/'.*'/, () => escapeLiteral(similar))}"?`,
    },
  ];
}

function quoted(values: readonly string[]): string {
  const shown = values.slice(0, MOST_VALUES).map((value) => escapeLiteral(value.slice(0, 40)));
  return `${shown.join(', ')}${values.length > MOST_VALUES ? ', …' : ''}`;
}
