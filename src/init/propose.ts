import { literal } from './lead.ts';
import type { Candidate, ProposedSource, TableChoice } from './proposal.ts';

const KEEPING = 'rows leave the table once the stream has them; to keep them: { set: { COLUMN: VALUE } }';

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
  { ready, payload, key, stream }: TableChoice,
): ProposedSource {
  const { id, type, priority, attempts, enqueuedAt, notBefore, stateColumn } = table;
  const single = id.length === 1;
  const others = { type, priority, attempts, enqueuedAt, notBefore };
  const columns = Object.entries(others).filter(([, column]) => column !== null);
  return {
    name,
    remark: `table ${table.table}${table.rows === null ? '' : `, about ${table.rows} rows`} (${lead.from})`,
    written: {
      ...{ kind: 'postgres', ...lead.written, format: 'generic', table: table.table },
      ...{
        id: single ? id[0] : id,
        payload: literal(payload),
        ...(ready !== null && { ready: literal(ready) }),
      },
      ...(key !== null && { key: literal(key) }),
      ...Object.fromEntries(columns),
      // A key of several columns can be told apart only where nothing has to be taken away.
      ...(single ? { done: { delete: true } } : { mode: 'copy' }),
      stream: literal(stream),
    },
    remarks: {
      ...(single && { done: KEEPING.replace('COLUMN: VALUE', `${stateColumn ?? 'state'}: migrated`) }),
      ...(key !== null && { key: 'messages with the same key keep their order' }),
      ...(ready === null ? { table: 'every row is taken: ready: CONDITION takes some of them' } : {}),
    },
  };
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
