import { stringify } from 'yaml';
import { grouped } from '../model/grouped.ts';
import { literal } from './lead.ts';
import type { Candidate, ProposedSource, TableChoice } from './proposal.ts';
import type { FoundTable } from './tables.ts';

/** A candidate as a source. */
export function proposeSource(candidate: Candidate, name: string, choice: TableChoice): ProposedSource {
  if (candidate.kind === 'table') return tableSource(candidate, name, choice);
  if (candidate.kind === 'library') return librarySource(candidate, name, choice);
  const { queueUrl, ...reached } = candidate.lead.written;
  const { queue } = candidate;
  return {
    name,
    remark: `SQS ${queue.name}${queue.visible === null ? '' : `, about ${queue.visible} messages`} (${candidate.lead.from})`,
    written: {
      kind: 'sqs',
      queueUrl: queueUrl ?? literal(queue.queueUrl),
      ...reached,
      stream: literal(choice.stream),
    },
    remarks: {},
  };
}

function tableSource(
  { lead, table }: Extract<Candidate, { kind: 'table' }>,
  name: string,
  { ready, payload, key, order, notBefore, mark, stream }: TableChoice,
): ProposedSource {
  const { id, type, priority, attempts, enqueuedAt } = table;
  const single = id.length === 1;
  const columns = Object.entries({ type, priority, attempts, enqueuedAt, notBefore });
  return {
    name,
    remark: `table ${table.table}${table.rows === null ? '' : `, about ${grouped(table.rows)} rows`} (${lead.from})`,
    written: {
      ...{ kind: 'postgres', ...lead.written, format: 'generic', table: table.table },
      ...{ id: single ? id[0] : id, payload: literal(payload) },
      ...(ready !== null && { ready: literal(ready) }),
      ...(key !== null && { key: literal(key) }),
      ...(order.length > 0 && { order: order.map(literal) }),
      ...Object.fromEntries(columns.filter(([, column]) => column !== null)),
      // A key of several columns can be told apart only where nothing has to be taken away.
      ...(single ? { done: mark ? { set: mark } : { delete: true } } : { mode: 'copy' }),
      stream: literal(stream),
    },
    remarks: {
      ...(single && { done: doneRemark(table, mark) }),
      ...(key !== null && { key: 'messages with the same key keep their order' }),
      ...(order.length > 0 && { order: 'rows are taken in this order' }),
      ...(notBefore !== null && { notBefore: 'what is not due waits beside the stream' }),
      ...(ready === null ? { table: 'every row is taken: ready: CONDITION takes some of them' } : {}),
    },
  };
}

function doneRemark(table: FoundTable, mark: TableChoice['mark']): string {
  if (mark) return 'rows stay, marked so, once the stream has them';
  const kept = table.mark ? setText(table.mark) : `{ ${table.stateColumn ?? 'state'}: migrated }`;
  return `rows leave the table once the stream has them; to keep them: { set: ${kept} }`;
}

function setText(set: Record<string, unknown>): string {
  return stringify(set, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

function librarySource(
  { lead, library }: Extract<Candidate, { kind: 'library' }>,
  name: string,
  { stream }: TableChoice,
): ProposedSource {
  const { format, title, version, schema } = library;
  return {
    name,
    remark: `${title} ${version} in schema ${schema} (${lead.from})`,
    written: { kind: 'postgres', ...lead.written, format, schema: literal(schema), stream: literal(stream) },
    remarks: { format: 'its tables, what is ready and how a job is taken are known' },
  };
}
