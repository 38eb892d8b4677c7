import { unevaluatedFindings } from '../../drain/index.ts';
import type { Batch } from '../../model/batch.ts';
import type { Finding } from '../../model/finding.ts';
import { rowsThat } from '../../sources/postgres/rows-batch.ts';
import { compileFilter } from '../../transform/filter.ts';
import { type Figure, figure } from '../figure.ts';
import type { TypeCounts } from '../look.ts';
import type { Counts } from './counts.ts';
import type { OpenTable } from './open.ts';
import { batchOf, type Sample } from './sample.ts';

/** What is left of ready messages once the filter has chosen among them. */
export interface Filtered {
  backlog: Figure;
  types: TypeCounts[] | null;
  sample: Batch[];
  findings: Finding[];
}

/** Judges the messages of the sample, and all others by them. */
export function filtered({ spec }: OpenTable, counts: Counts, sample: Sample): Filtered {
  const { filter } = spec;
  const { ready, types } = counts;
  if (filter === undefined) return { backlog: ready, types, sample: sample.batches, findings: [] };
  const judge = compileFilter(filter);
  const left: string[] = [];
  const kept = sample.batches.map(({ rows }) =>
    batchOf(
      rowsThat(rows!, (message) => {
        const judged = judge(message);
        if (judged === 'unevaluated') left.push(message.id);
        return judged === 'matched';
      }),
    ),
  );
  const matched = kept.reduce((sum, { count }) => sum + count, 0);
  const part = sample.rows === 0 ? 0 : matched / sample.rows;
  const backlog = partOf(ready, part, sample.rows);
  return {
    backlog,
    types: types && typesIn(kept, types, backlog, matched),
    sample: kept.filter(({ count }) => count > 0),
    findings: left.length === 0 ? [] : unevaluated(left, sample.rows, ready.value),
  };
}

function partOf({ value, how }: Figure, part: number, seen: number): Figure {
  if (value === null) return { value, how };
  const all = how === 'counted' && seen === value;
  return figure(Math.round(value * part), all ? 'counted' : how === 'estimated' ? how : 'sampled');
}

function typesIn(kept: Batch[], types: TypeCounts[], backlog: Figure, matched: number): TypeCounts[] {
  const found = new Map<string | null, number>();
  for (const batch of kept)
    for (const { type = null } of batch.messages()) found.set(type, (found.get(type) ?? 0) + 1);
  return types
    .map((one) => ({
      ...one,
      ready: partOf(backlog, (found.get(one.type) ?? 0) / Math.max(1, matched), matched),
    }))
    .sort((a, b) => (b.ready.value ?? 0) - (a.ready.value ?? 0));
}

function unevaluated(left: string[], seen: number, ready: number | null): Finding[] {
  const all = { count: left.length, example: left[0]! };
  const of = seen === ready ? '' : ` (of ${seen} messages that were looked at)`;
  return unevaluatedFindings({ ready: seen, inFlight: null, delayed: null, unevaluated: all }).map(
    (finding) => ({ ...finding, text: `${finding.text}${of}` }),
  );
}
