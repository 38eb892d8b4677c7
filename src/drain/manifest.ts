import type { CelerySpec } from '../sources/celery/index.ts';
import type { PostgresSpec } from '../sources/postgres/index.ts';
import type { SqsSelection } from '../sources/sqs/index.ts';
import type { DrainRequest, DrainSource } from './request.ts';

/** What a run is: enough to continue it on any host, to refuse what is not the same, and no secret. */
export interface Manifest {
  run: string;
  createdAt: string;
  startedBy: string;
  /** Names the source for good, whoever connects from wherever. */
  sourceIdentity: string;
  source: { kind: DrainSource['kind']; name: string; label: string };
  target: { label: string; stream: string; partitions: number };
  mode: 'move' | 'copy';
  /** Lanes of the run for its whole life; 0: the ledger works without. */
  lanes: number;
  /** The run whose ledger this one goes on with. */
  ledgerRun: string;
  /** Ledgers of abandoned runs of this source that wrote to other streams. */
  elsewhere?: { stream: string; partitions: number; ledgerRun: string }[];
  /** What must be the same for the run to be continued, by part. */
  context: Record<'source' | 'target' | 'format' | 'mapping', unknown>;
  /** What `qctl verify RUN` needs to read the source again, without connection or secret. */
  spec: unknown;
  fields: Record<string, string> | null;
}

/** Whether a run may be continued by a call that means this. */
export function isSame(a: Manifest['context'], b: Manifest['context']): boolean {
  return (Object.keys(a) as (keyof Manifest['context'])[]).every(
    (part) => canonical(a[part]) === canonical(b[part]),
  );
}

/** What of the source is meant, and how it is read; null where there is nothing to choose. */
export function chosenOf(source: DrainSource): PostgresSpec | CelerySpec | SqsSelection | null {
  if (source.kind === 'postgres' || source.kind === 'celery') return source.spec;
  return (source.kind === 'sqs' && source.selection) || null;
}

/** The context of a request. `sourceIdentity` comes from the source itself. */
export function contextOf(request: DrainRequest, sourceIdentity: string): Manifest['context'] {
  const { source, target } = request;
  return {
    source: sourceIdentity,
    target: { stream: target.stream, partitions: target.partitions },
    // Who notifies and where it ends may change from one call to the next.
    format:
      source.kind === 'postgres'
        ? { ...source.spec, notify: undefined, before: undefined }
        : chosenOf(source),
    mapping: target.fields ?? null,
  };
}

/** JSON with sorted keys, so that equal things are equal text. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner) =>
      inner && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'null'
  );
}
