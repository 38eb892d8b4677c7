import type { Lead } from './lead.ts';
import type { FoundLibrary, PostgresLook } from './look-postgres.ts';
import type { FoundSqsQueue } from './look-sqs.ts';
import type { FoundTable } from './tables.ts';

/** A queue that could be moved, and where it was found. */
export type Candidate =
  | { kind: 'table'; lead: Lead; look: PostgresLook; table: FoundTable }
  | { kind: 'library'; lead: Lead; look: PostgresLook; library: FoundLibrary }
  | { kind: 'sqs'; lead: Lead; queue: FoundSqsQueue };

/** One source as it is to stand in the file. */
export interface ProposedSource {
  name: string;
  /** What is said of it above it. */
  remark: string;
  written: Record<string, unknown>;
  /** By key: what is said beside it. */
  remarks: Record<string, string>;
}

/** What is to stand in the file. */
export interface Proposal {
  profile: string;
  /** Absent where no Redis is known. */
  redis?: { remark: string; written: Readonly<Record<string, unknown>> };
  sources: ProposedSource[];
  /** Consumer group of every stream; null: none is named. */
  group: string | null;
}

/** What of a table can be said otherwise than was guessed. */
export interface TableChoice {
  ready: string | null;
  payload: string;
  key: string | null;
  /** Columns in whose order rows are taken; empty: by the id. */
  order: string[];
  /** Column of the time that a row waits for. */
  notBefore: string | null;
  /** What a row that is done is set to; null: it is deleted. */
  mark: Record<string, unknown> | null;
  stream: string;
}

/** Whether it is taken where nobody is asked: nothing of it has to be guessed. */
export function isCertain(candidate: Candidate): boolean {
  if (candidate.kind === 'library') return true;
  if (candidate.kind === 'sqs') return !candidate.queue.dead;
  const { id, payload, ready } = candidate.table;
  return id.length === 1 && payload !== null && ready !== null;
}

/** What a source and its stream are called unless somebody says otherwise. */
export function nameOf(candidate: Candidate): string {
  if (candidate.kind === 'table') return plain(candidate.table.name);
  if (candidate.kind === 'sqs') return plain(candidate.queue.name.replace(/\.fifo$/, ''));
  return plain(candidate.library.format);
}

function plain(name: string): string {
  return name.replace(/[^\p{L}\p{N}_.-]+/gu, '-').replace(/^-+|-+$/g, '') || 'queue';
}

/** The first of `name`, `name-2`, `name-3` that is not taken yet. */
export function unusedName(name: string, taken: readonly string[]): string {
  for (let n = 1; ; n += 1) {
    const next = n === 1 ? name : `${name}-${n}`;
    if (!taken.includes(next)) return next;
  }
}
