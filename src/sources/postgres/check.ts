import type { Client } from 'pg';
import { QctlError } from '../../errors.ts';
import { compileFilter } from '../../transform/filter.ts';
import type { TableFacts } from './catalog.ts';
import { checkClaim, checkClaimColumns } from './claim-check.ts';
import { checkDone } from './done-check.ts';
import { checkExpressions, requireColumn } from './expression-check.ts';
import type { PostgresSpec } from './spec.ts';
import { keysetColumns } from './sql.ts';

/** Says what is wrong with the spec before it has done anything. Throws a QctlError `config` or `refused`. */
export async function checkSpec(client: Client, spec: PostgresSpec, table: TableFacts): Promise<void> {
  for (const [field, names] of [
    ['id', spec.id],
    ['order', spec.order ?? []],
  ] as const) {
    for (const name of names) requireColumn(table, field, name);
  }
  if ('set' in spec.done)
    for (const name of Object.keys(spec.done.set)) requireColumn(table, 'done.set', name);
  if (spec.mode === 'move' && spec.claim) checkClaimColumns(spec, table);
  if (spec.mode === 'move') checkMove(spec, table);
  else checkCopy(spec, table);
  checkSelection(spec);
  await checkExpressions(client, spec, table);
  await checkDone(client, spec, table);
  if (spec.mode === 'move' && spec.claim) await checkClaim(client, spec, table);
}

function checkMove(spec: PostgresSpec, table: TableFacts): void {
  if (spec.id.length > 1) {
    throw new QctlError('config', `id: ${spec.id.join(', ')}: move mode needs a single id column`, {
      code: 'COMPOSITE_ID',
      hint: ['use --mode copy, which takes composite ids', 'or name one unique column as the id'],
    });
  }
  if (!spec.uniqueId) requireUnique(spec.id, table, 'the id');
  if ('set' in spec.done && spec.ready === undefined) {
    throw new QctlError(
      'config',
      'done.set needs a ready condition: without one, settled rows would be taken again and again',
      {
        code: 'DONE_WITHOUT_READY',
        hint: [
          `add a condition that done rows do not fulfil, for example --ready "${Object.keys(spec.done.set)[0] ?? 'state'} = 'pending'"`,
        ],
      },
    );
  }
}

/** What chooses among the messages must have something to go by. */
function checkSelection(spec: PostgresSpec): void {
  if (spec.filter !== undefined) compileFilter(spec.filter);
  if (spec.types !== undefined && spec.type === undefined)
    throw new QctlError('config', 'types: the queue has no type to choose by', {
      code: 'NO_TYPE',
      hint: ['name the column or expression with --type (type: in the file)'],
    });
  if (spec.before === undefined) return;
  if (spec.enqueuedAt === undefined)
    throw new QctlError('config', 'enqueued before: the queue has no time of enqueueing to go by', {
      code: 'NO_ENQUEUED_AT',
      hint: ['name the column or expression with --enqueued-at (enqueuedAt: in the file)'],
    });
  if (Number.isNaN(Date.parse(spec.before)))
    throw new QctlError('config', `enqueued before: ${spec.before} is no time`, {
      code: 'BAD_TIME',
      hint: ['as in RFC 3339: 2026-11-22T06:00:00Z'],
    });
}

function checkCopy(spec: PostgresSpec, table: TableFacts): void {
  const keyset = keysetColumns(spec);
  if (!spec.uniqueId) requireUnique(spec.id, table, 'the id');
  const nullable = keyset.filter((name) => !table.columns.get(name)!.notNull);
  if (nullable.length === 0) return;
  throw new QctlError(
    'refused',
    `copy mode orders by ${keyset.join(', ')}, but ${nullable.join(', ')} may be NULL: such rows would never be reached`,
    {
      code: 'NULLABLE_ORDER',
      hint: [
        `ALTER TABLE ${table.name} ALTER COLUMN ${nullable[0]} SET NOT NULL`,
        'or order by other columns',
      ],
    },
  );
}

function requireUnique(columns: string[], table: TableFacts, what: string): void {
  const unique = table.uniqueSets.some((set) => set.every((name) => columns.includes(name)));
  if (unique) return;
  throw new QctlError(
    'refused',
    `${what} (${columns.join(', ')}) has no unique index on ${table.name}: two rows could share it and one would be lost`,
    {
      code: 'ID_NOT_UNIQUE',
      hint: [
        'name the primary key as the id',
        `or CREATE UNIQUE INDEX CONCURRENTLY ON ${table.name} (${columns.join(', ')})`,
      ],
    },
  );
}
