import type { DrainTarget } from '../../drain/index.ts';
import type { Batch } from '../../model/batch.ts';
import { type PackedRows, rowCount, rowFields } from '../../model/packed.ts';
import { packer } from '../../transform/pack.ts';
import type { EntryFields } from './stream-memory.ts';

/** A sampled message, and the entry that it would become. */
export interface SampledEntry {
  id: string;
  /** Null: it has none. */
  key: string | null;
  type: string | null;
  bodyBytes: number;
  /** Null where it would be set aside in quarantine. */
  entry: EntryFields | null;
}

/** A name as long as that of a run. */
const RUN_TAIL = '-20261122-010203-ab12';

/**
 * Brings sampled messages into the shape of the target, as a drain does.
 *
 * @param source name of the source, which each default entry carries
 * @throws QctlError where the mapping of the target cannot be meant
 */
export function sampledEntries(
  batches: readonly Batch[],
  source: string,
  target: Pick<DrainTarget, 'fields'>,
  maxBodyBytes: number,
): SampledEntry[] {
  const pack = packer({ fields: target.fields, maxBodyBytes, withKeys: false });
  const constants = target.fields ? [] : ['source', source, 'run', `${source}${RUN_TAIL}`];
  const tail = constants.map((text) => Buffer.from(text));
  return batches.flatMap((batch) => {
    const { rows, quarantinedIds } = pack(batch);
    const aside = new Set(quarantinedIds);
    let at = 0;
    return batch.messages().map(({ id, key = null, type = null, body }) => ({
      ...{ id, key, type },
      bodyBytes: body?.length ?? 0,
      entry: aside.has(id) ? null : [...fieldsOf(rows, at++), ...tail],
    }));
  });
}

/** Names and values of one row; what is absent is not written. */
function fieldsOf(rows: PackedRows, at: number): Buffer[] {
  if (at >= rowCount(rows)) return [];
  const values = rowFields(rows, at);
  if (rows.names.length === 0) return values.filter((value) => value !== null);
  return rows.names.flatMap((name, i) => {
    const value = values[i];
    return value ? [Buffer.from(name), value] : [];
  });
}
