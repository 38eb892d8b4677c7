import type { RedisConnection } from '../backends/redis/index.ts';
import { isQctlError, QctlError } from '../errors.ts';
import { readImportLines } from './dlq-import-lines.ts';
import type { PreparedImport } from './dlq-import-plan.ts';
import { ImportedLines, type ImportedShare } from './dlq-import-share.ts';
import type { Work } from './work.ts';

/** What an import has done. */
export interface ImportReport {
  file: string;
  entries: number;
  appended: number;
  importedBefore: number;
  streams: ImportedShare[];
  /** True where the operator stopped it before the end. */
  stopped: boolean;
  elapsedMs: number;
  /** What ended it early; null where nothing did. Thrown by whoever prints the report. */
  failure: QctlError | null;
}

/** For all streams together. */
const MOST_BUFFERED_BYTES = 8_000_000;

/**
 * Appends the lines of an export, each once: how far it has come stands in Redis and moves with every
 * page, so that an import that is repeated, killed or cut off adds nothing twice. Never throws for what
 * happened on the way, see {@link ImportReport.failure}.
 */
export async function importDeadLetters(
  redis: RedisConnection,
  prepared: PreparedImport,
  work: Work,
  onProgress?: (appended: number) => void,
): Promise<ImportReport> {
  const startedAt = performance.now();
  const { plan } = prepared;
  const tell = (): void => onProgress?.(appended());
  const shares = new Map(
    plan.streams.map((share) => [share.stream, new ImportedLines(redis, prepared, share, work, tell)]),
  );
  const sum = (of: (share: ImportedShare) => number): number =>
    [...shares.values()].reduce((all, { report }) => all + of(report), 0);
  const appended = (): number => sum((share) => share.appended);
  let failure: QctlError | null = null;
  try {
    await addLines(shares, prepared);
  } catch (error) {
    if (isQctlError(error)) failure = error;
    else if (!work.signal.aborted) throw error;
  }
  return {
    file: plan.file,
    entries: plan.entries,
    appended: appended(),
    importedBefore: sum((share) => share.importedBefore),
    streams: [...shares.values()].map(({ report }) => report),
    stopped: failure === null && work.signal.aborted && appended() < plan.toAppend,
    elapsedMs: Math.round(performance.now() - startedAt),
    failure,
  };
}

async function addLines(shares: Map<string, ImportedLines>, { request }: PreparedImport): Promise<void> {
  let buffered = 0;
  for await (const { stream, fields } of readImportLines(request.open(), request.name)) {
    const share = shares.get(request.to ?? stream);
    if (!share) throw changed(request.name);
    buffered += await share.add(fields);
    if (buffered >= MOST_BUFFERED_BYTES) for (const one of shares.values()) buffered += await one.flush();
  }
  for (const share of shares.values()) await share.end();
}

function changed(name: string): QctlError {
  return new QctlError('failed', `${name} was changed while it was imported`, {
    code: 'IMPORT_CHANGED',
    hint: ['see what is in the dead-letter stream before you import it again'],
  });
}
