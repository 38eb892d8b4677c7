import type { StreamWork } from '../../src/maintain/index.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { formatTable } from '../term/table.ts';

const TASKS = {
  deadLetter: 'dead-letters',
  claim: 'claim',
  reap: 'reap',
  trim: 'trim',
  expire: 'expire',
} as const;

/** As JSON has it. */
export function streamWorkToJson({ part, failure, ...work }: StreamWork): object {
  return { task: TASKS[part], ...work, failure: failure?.message ?? null };
}

/** True where somebody may want to read of it. */
export function isWorthARow({ count, removed, warning, left, failure }: StreamWork): boolean {
  return count > 0 || removed > 0 || warning !== null || left || failure !== null;
}

/** A row for each part of each stream. */
export function formatStreamWork(output: Output, rows: readonly StreamWork[]): string {
  return formatTable(
    output,
    [
      { head: 'TASK', value: ({ part }) => TASKS[part], whole: true },
      { head: 'STREAM', value: ({ stream }) => stream, whole: true },
      { head: 'GROUP', value: ({ group }) => group },
      { head: 'COUNT', value: countText, align: 'right' },
      { head: 'WHAT', value: whatText, wrap: true },
    ],
    rows,
  );
}

function countText({ count, failure }: StreamWork): string {
  if (failure === null) return grouped(count);
  return count === 0 ? 'failed' : `${grouped(count)}, failed`;
}

function whatText(work: StreamWork): string | null {
  const { part, to, deadLetter, oldestDeadAt, newestDeadAt, removed, warning, note, left, failure } = work;
  const parts = [
    failure?.message,
    to === null ? undefined : `taken over by ${to}`,
    deadLetter === null ? undefined : `${part === 'expire' ? 'of' : 'to'} ${deadLetter}`,
    oldestDeadAt === null ? undefined : `died from ${oldestDeadAt} to ${newestDeadAt}`,
    removed > 0 ? `${grouped(removed)} trimmed away before` : undefined,
    warning,
    note,
    left ? 'the time was over: the next run goes on' : undefined,
  ];
  const said = parts.filter((text) => text !== undefined && text !== null);
  return said.length === 0 ? null : said.join('; ');
}
