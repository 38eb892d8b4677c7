import type { Finding } from '../model/finding.ts';
import { type FormatOverview, keysetColumns } from '../sources/postgres/index.ts';
import type { Depth } from '../sources/source.ts';
import type { Attachment } from './attach.ts';
import type { ShownDecision } from './decision.ts';
import type { ShownOverride } from './live.ts';
import type { ReceiverBounds } from './receiver-tuner.ts';
import type { DrainRequest } from './request.ts';

/** What a drain would do and what speaks against it; plain data, made without changing anything. */
export interface DrainPlan {
  type: 'plan';
  run: string;
  kind: Attachment['kind'];
  mode: 'move' | 'copy';
  source: string;
  /** The queue of a job library; null for SQS and for a table that the operator describes. */
  format: FormatOverview | null;
  /** How a table that the operator describes was understood; null for all else. */
  described: DescribedTable | null;
  target: string;
  stream: string;
  partitions: number;
  durability: string;
  depth: Depth;
  estimatedBytes: number | null;
  workers: number;
  /** SQS: receivers tune themselves between these; null where there are lanes. */
  receivers: ReceiverBounds | null;
  batch: number;
  settles: string;
  /** Goes on after the source is empty. */
  follow: boolean;
  /** Only what was enqueued before that moment (RFC 3339); null: everything. */
  enqueuedBefore: string | null;
  /** Settings that may change while it runs, by name, as they are in force for this process. */
  settings: Record<string, string>;
  /** Those of them that were set for the whole run. */
  overrides: ShownOverride[];
  paused: ShownDecision | null;
  /** File that every message is written to before it is settled; null: none. */
  archive: string | null;
  /** Which messages are wanted, each as a phrase; the others stay in the source. Empty: all. */
  selects: string[];
  findings: Finding[];
}

/** What is taken of a table, in which order, and what its columns are used for: as the operator wrote it. */
export interface DescribedTable {
  /** SQL condition of the rows that are taken; null: every row. */
  ready: string | null;
  /** Rows of the whole table as PostgreSQL estimates them; null where it was never counted. */
  rows: number | null;
  /** Columns in whose order rows are taken. */
  order: string[];
  /** What messages have in common that keep this order among themselves; null: no order is promised. */
  key: string | null;
  /** Field of the message -> column or expression: `id`, `body`, `type`, `attr.NAME`. */
  fields: Record<string, string>;
}

/** Null but for a table that the operator describes. */
export function describedTable(
  { source }: DrainRequest,
  { estimatedRows }: { estimatedRows: number },
): DescribedTable | null {
  if (source.kind !== 'postgres' || source.spec.format !== 'generic') return null;
  const { spec } = source;
  const { payload, type, key, priority, attempts, enqueuedAt, notBefore, attributes = {} } = spec;
  const own = Object.entries(attributes).map(([name, text]) => [`attr.${name}`, text] as const);
  const fields = {
    id: spec.id.join(', '),
    body: payload,
    type,
    key,
    priority,
    attempts,
    enqueuedAt,
    notBefore,
  };
  const named = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  return {
    ready: spec.ready ?? null,
    rows: estimatedRows > 0 ? Math.round(estimatedRows) : null,
    order: spec.mode === 'copy' ? keysetColumns(spec) : (spec.order ?? spec.id),
    key: key ?? null,
    fields: Object.fromEntries([...named, ...own]),
  };
}

/** Between how many receivers an SQS drain tunes itself; null where there are lanes. */
export function receiverBounds({ source, settings }: DrainRequest): ReceiverBounds | null {
  if (source.kind !== 'sqs') return null;
  return settings.receivers ?? { min: settings.workers, max: settings.workers };
}

/** Which messages are wanted, each condition as a phrase. */
export function selectsWhat({ source, settings }: DrainRequest): string[] {
  const chosen: { types?: string[]; filter?: string } | undefined =
    source.kind === 'sqs' ? source.selection : source.kind === 'archive' ? undefined : source.spec;
  const { filter, types } = chosen ?? {};
  const before = source.kind === 'postgres' ? source.spec.before : undefined;
  return [
    types && `type ${types.join(', ')}`,
    filter !== undefined && `where ${filter}`,
    source.kind === 'sqs' &&
      settings.enqueuedBefore &&
      `enqueued before ${settings.enqueuedBefore.toISOString()}`,
    before !== undefined && `enqueued before ${before}`,
  ].filter((text) => typeof text === 'string');
}

/** How the source lets go of a message, as a sentence. */
export function settles({ source }: DrainRequest): string {
  if (source.kind === 'archive') return 'the file stays as it is';
  if (source.kind === 'sqs') return 'each message is deleted from the queue once the stream has it';
  if (source.kind === 'celery')
    return 'each message is taken out of the queue first, and let go of once the stream has it';
  const { mode, done, claim } = source.spec;
  if (mode === 'copy') return 'the table stays as it is';
  const first = claim
    ? `each row is claimed first (${Object.keys(claim.set).join(', ')}), then `
    : 'each row is ';
  if ('set' in done) return `${first}updated once the stream has it: ${Object.keys(done.set).join(', ')}`;
  return `${first}deleted once the stream has it`;
}
