import { formatBytes } from '../../../model/bytes.ts';
import type { Finding } from '../../../model/finding.ts';
import type { BodySizes } from '../bodies.ts';
import type { OpenTable } from '../open.ts';

/** What Redis takes as one value, unless told otherwise (proto-max-bulk-len). */
const REDIS_BYTES = 512 * 1024 * 1024;

/** Bodies that do not reach the stream, or not as bodies. */
export function bodyFindings({ table }: OpenTable, sizes: BodySizes | null, maxBodyBytes: number): Finding[] {
  if (!sizes) return [];
  const { messages, maxBytes, tooLarge, nullBodies, how } = sizes;
  const of = `of ${messages} ready messages of ${table.name}${how === 'counted' ? '' : ' that were looked at'}`;
  const findings: Finding[] = [];
  if (tooLarge > 0)
    findings.push({
      level: 'warning',
      code: 'LARGE_BODIES',
      text: `${tooLarge} ${of} have bodies above ${formatBytes(maxBodyBytes)}, up to ${formatBytes(maxBytes!)}: they go into the quarantine, not into the stream`,
      remedy:
        maxBytes! < REDIS_BYTES
          ? `--max-body-bytes ${maxBytes} takes them`
          : 'put such bodies elsewhere and send where they are: Redis takes no value above 512 MiB',
    });
  if (nullBodies > 0)
    findings.push({
      level: 'note',
      code: 'NULL_BODIES',
      text: `${nullBodies} ${of} have no body (NULL): their entries have no field body`,
      remedy: 'leave them out by --ready where they are no messages, or see that consumers expect it',
    });
  return findings;
}
